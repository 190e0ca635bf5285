"""Write a compliance report that an auditor can repeat."""

from __future__ import annotations

from pathlib import Path

import click

from cardlint import cli
from cardlint.cli import options
from cardlint.cli.options import Sources
from cardlint.errors import UsageError


@click.command("report", epilog="Example: cardlint report org/model --lang pt-BR -o report.html")
@click.argument("model")
@click.option(
    "-o",
    "--output-file",
    "outputs",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    required=True,
    help="report.html, .pdf, .md or .json; may be given several times.",
)
@click.option(
    "--lang",
    type=click.Choice(["en", "pt-BR", "es"]),
    default="en",
    show_default=True,
    help="The language of the report.",
)
@click.option(
    "--framework", "names", multiple=True, metavar="ID", help="Only these (`cardlint frameworks`)."
)
@click.option(
    "--profile", default="public-sector", show_default=True, help="The profile whose rules run."
)
@click.option(
    "--reply",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The publisher's reply: a text file, printed unedited.",
)
@click.option(
    "--bundle",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write a zip with report, data, sketches and card texts (`cardlint verify`).",
)
@click.option(
    "--sign",
    is_flag=True,
    help="Sign the bundle's statement by Sigstore, with this CI job's identity.",
)
@options.sources(candidates=True)
def command(
    model: str,
    outputs: tuple[Path, ...],
    lang: str,
    names: tuple[str, ...],
    profile: str,
    reply: Path | None,
    bundle: Path | None,
    sign: bool,
    sources: Sources,
) -> int:
    """Write a compliance report on MODEL.

    The findings decide nothing: the exit code is 0 when the report was written, 3 when the
    repository could not be read.
    """
    from cardlint.compliance.scan import scan
    from cardlint.report.compliance.interface import for_file

    if sign and not bundle:
        raise UsageError("--sign signs a bundle", remedy="Add --bundle evidence.zip.")
    formats = [(path, for_file(path)) for path in outputs]  # a wrong name fails before the work
    document, evidence = scan(
        model, sources.resolver(), sources.options(), lang, names, profile, reply
    )
    for path, format_ in formats:
        options.write_bytes(path, format_.render(document))
    if bundle:
        from cardlint.compliance.bundle import write

        write(bundle, document, evidence, signed=sign)
    return cli.OK
