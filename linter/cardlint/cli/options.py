"""Options that several commands share; each group reaches the command as one object.

::

    @click.command("compare")
    @click.argument("model")
    @options.sources()
    @options.output("text", "json")
    def command(model: str, sources: Sources, output: Output) -> int:
        resolver = sources.resolver()
        ...
        output.emit(text)
        return cli.OK
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import click

from cardlint.access import Access
from cardlint.errors import UsageError

if TYPE_CHECKING:
    from cardlint.report.interface import Style

Command = TypeVar("Command", bound=Callable[..., Any])
Sources: TypeAlias = Access
"""What a command is handed as ``sources``."""
WHEN = click.Choice(["auto", "always", "never"])


_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def size(value: str) -> int:
    """A number of bytes: ``1048576``, ``64MiB``, ``64M`` or ``1GB``; K, M, G and T count in 1024.

    Raises:
        click.BadParameter: it is no size.
    """
    text = value.strip().lower().removesuffix("b").removesuffix("i")
    number, unit = (text[:-1], text[-1:]) if text[-1:].isalpha() else (text, "")
    try:
        bytes_ = int(float(number) * _UNITS[unit])
    except (KeyError, ValueError, OverflowError):
        raise click.BadParameter(
            f"{value} is not a size; write 64MiB, 1GiB or a number of bytes"
        ) from None
    if bytes_ <= 0:
        raise click.BadParameter(f"{value} leaves nothing to read")
    return bytes_


def sources(
    *, weights: bool = True, candidates: bool = False, online: bool = False
) -> Callable[[Command], Command]:
    """Add the options that say where to read; the command gets them as ``sources``.

    Args:
        weights: whether the command reads weights (``--weights``, ``--budget``).
        candidates: whether it looks for undeclared parents (``--candidate``).
        online: whether it may ask more of the network (``--check-links``, ``--hub-validate``).
    """
    chosen = [
        click.option(
            "--hub",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            envvar="CARDLINT_HUB",
            help="A folder hub: DIR/org/name is a folder or a bare git repository.",
        ),
        click.option(
            "--offline",
            is_flag=True,
            envvar="CARDLINT_OFFLINE",
            help="Never ask the network; say what could not be seen.",
        ),
        click.option(
            "--cache/--no-cache",
            default=True,
            envvar="CARDLINT_CACHE",
            help="Keep what the Hub said, and use it again.",
        ),
        click.option(
            "--max-wait",
            type=click.FloatRange(min=0),
            default=60.0,
            show_default=True,
            metavar="SECONDS",
            envvar="CARDLINT_MAX_WAIT",
            help="How long rate limits may make cardlint wait.",
        ),
    ]
    if weights:
        chosen += [
            click.option(
                "--weights",
                type=click.Choice(["auto", "off", "sample", "full"]),
                default="auto",
                show_default=True,
                envvar="CARDLINT_WEIGHTS",
                help="How much of the weights is read.",
            ),
            click.option(
                "--budget",
                type=size,
                default="64MiB",
                show_default=True,
                metavar="SIZE",
                envvar="CARDLINT_BUDGET",
                help="Bytes of weights read from one model at most.",
            ),
        ]
    if candidates:
        chosen.append(
            click.option(
                "--candidate",
                "candidates",
                multiple=True,
                metavar="ID",
                help="Hold the weights against this model too (may be repeated).",
            )
        )
    if online:
        chosen += [
            click.option(
                "--check-links",
                "links",
                is_flag=True,
                envvar="CARDLINT_CHECK_LINKS",
                help="Ask web addresses of the card whether they answer (public ones only).",
            ),
            click.option(
                "--hub-validate",
                is_flag=True,
                envvar="CARDLINT_HUB_VALIDATE",
                help="Let the Hub check the card too (the card is sent there).",
            ),
        ]
    return gather("sources", Sources, chosen)


@dataclass(frozen=True, slots=True)
class Output:
    """Where the result goes and how it looks."""

    format: str
    output_file: Path | None = None
    color: str = "auto"
    hyperlinks: str = "auto"

    def style(self) -> Style:
        """How the place that shows the output wants it."""
        from cardlint.cli._terminal import style

        return style(
            color=self.color, hyperlinks=self.hyperlinks, terminal=self.output_file is None
        )

    def emit(self, text: str) -> None:
        """Write the result to the file asked for, or to stdout."""
        if self.output_file:
            write_file(self.output_file, text)
        else:
            click.echo(text, nl=False, color=True)


def output(*formats: str) -> Callable[[Command], Command]:
    """Add ``--format``, ``-o``, ``--color`` and ``--hyperlinks``; the command gets ``output``.

    Args:
        formats: their names, the default first.
    """
    chosen = [
        click.option(
            "--format",
            "format",
            type=click.Choice(formats),
            default=formats[0],
            show_default=True,
        ),
        click.option(
            "-o",
            "--output-file",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Write the result to this file instead of stdout.",
        ),
        *terminal_options(),
    ]
    return gather("output", Output, chosen)


def terminal_options() -> list[Callable[[Command], Command]]:
    """``--color`` and ``--hyperlinks``."""
    return [
        click.option("--color", type=WHEN, default="auto", envvar="CARDLINT_COLOR", help="Colors."),
        click.option(
            "--hyperlinks",
            type=WHEN,
            default="auto",
            envvar="CARDLINT_HYPERLINKS",
            help="Terminal links to files and rules.",
        ),
    ]


def write_file(path: Path, text: str) -> None:
    """Write a result as UTF-8.

    Raises:
        UsageError: it cannot be written.
    """
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a result; the file is opened only now, so that a failed run leaves the old one.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        path.write_bytes(data)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}",
            remedy="Name a file in a folder that exists, that you may write to and that has room.",
        ) from error


def gather(
    name: str, into: Callable[..., Any], chosen: list[Callable[[Command], Command]]
) -> Callable[[Command], Command]:
    """Add options to a command and hand them over as one object."""

    def decorate(function: Command) -> Command:
        @functools.wraps(function)
        def command(**values: Any) -> Any:
            group = {k: values.pop(k) for k in names if k in values}
            return function(**values, **{name: into(**group)})

        before = {p.name for p in getattr(function, "__click_params__", [])}
        wrapped: Any = command
        for option in reversed(chosen):
            wrapped = option(wrapped)
        names = {p.name for p in wrapped.__click_params__} - before
        return wrapped  # type: ignore[no-any-return]  # click's decorators keep the callable

    return decorate
