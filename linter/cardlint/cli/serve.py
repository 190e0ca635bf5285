"""Show reports and comparisons in a browser, on this machine."""

from __future__ import annotations

import click

from cardlint import cli
from cardlint.cli import options
from cardlint.cli.options import Sources
from cardlint.errors import UsageError


@click.command("serve", epilog="Example: cardlint serve --hub examples/rio/hub --offline")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="Where to listen; 0 takes a free port.",
)
@click.option(
    "--public-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="Listen on all interfaces and answer under this name (a Space or a reverse proxy).",
)
@options.sources()
def command(port: int, hosts: tuple[str, ...], sources: Sources) -> int:
    """Serve a form for a model id on the loopback interface.

    No path of this machine can be asked for; repositories come from --hub, the cache or the Hub.
    """
    try:
        import uvicorn

        from cardlint.web.app import build
    except ImportError:
        raise UsageError(
            "the web page needs Starlette and uvicorn", remedy="pip install 'cardlint[web]'"
        ) from None
    names = [*hosts, "127.0.0.1", "localhost", "[::1]"]
    app = build(sources.resolver, sources.options(), names)
    click.echo(f"http://127.0.0.1:{port}/  (Ctrl-C ends it)", err=True)
    uvicorn.run(
        app,
        host="0.0.0.0" if hosts else "127.0.0.1",  # noqa: S104  # only where asked for by name
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=32,
    )
    return cli.OK
