"""Write a bill of materials: SPDX 2.3, SPDX 3.0.1 or CycloneDX 1.7."""

from __future__ import annotations

import click

from cardlint import cli
from cardlint.cli import options
from cardlint.cli.options import Output, Sources


@click.command("bom", epilog="Example: cardlint bom org/model --format spdx-2.3 -o bom.spdx.json")
@click.argument("model")
@options.sources(candidates=True)
@options.output("spdx-2.3", "spdx-3.0.1", "cyclonedx-1.7")
def command(model: str, sources: Sources, output: Output) -> int:
    """Write a bill of materials of MODEL, validated before it is written.

    Base models are named as declared and, where weights were compared, as measured.
    """
    from cardlint.compliance.bom import gather
    from cardlint.report.bom.interface import format_of
    from cardlint.repository import Repository

    format_ = format_of(output.format)
    resolver = sources.resolver()
    repo = Repository(resolver.target(model), resolver, sources.options())
    output.emit(format_.render(gather(repo)))
    return cli.OK
