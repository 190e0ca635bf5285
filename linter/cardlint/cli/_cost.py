"""What a run has cost at the Hub: a line on stderr for who asks, and a key of the JSON output.

::

    @click.command("trace")
    @_cost.option()
    def command(..., verbose: bool) -> int:
        resolver = sources.resolver()
        _cost.watch(resolver, verbose=verbose)
        ...
        output.emit(json.dumps(found.json() | _cost.run(resolver)))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from cardlint.findings import Json
    from cardlint.source.resolve import Resolver

Command = TypeVar("Command", bound=Callable[..., Any])


def option() -> Callable[[Command], Command]:
    """Add ``-v``; the command gets ``verbose``."""
    return click.option(
        "-v", "--verbose", is_flag=True, help="Say on stderr what the run cost at the Hub."
    )


def watch(resolver: Resolver, *, verbose: bool) -> None:
    """Say it when the command ends, however it ends."""
    if verbose:
        context = click.get_current_context()
        context.call_on_close(lambda: click.echo(f"cardlint: {resolver.usage.text()}", err=True))


def run(resolver: Resolver) -> dict[str, Json]:
    """The key ``run`` of the JSON output; nothing where the network was not asked."""
    return {"run": {k: {**v} for k, v in resolver.cost.items()}} if resolver.cost else {}
