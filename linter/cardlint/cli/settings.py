"""Show the settings in force, and what set each."""

from __future__ import annotations

import json
from typing import Any

import click

from cardlint import cli
from cardlint.cli import options
from cardlint.cli._check_options import Chosen
from cardlint.cli._check_options import chosen as chosen_options


@click.command("settings", epilog="Example: cardlint settings models/one --profile strict")
@click.argument("target", default=".")
@chosen_options()
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a settings file instead.")
@options.output("text", "json")
def command(target: str, chosen: Chosen, schema: bool, output: options.Output) -> int:
    """Show what is in force for TARGET (by default here), and where each value comes from."""
    from cardlint.cli._checking import checker
    from cardlint.settings_file import KEYS
    from cardlint.settings_file import schema as settings_schema

    if schema:
        output.emit(json.dumps(settings_schema(), indent=2) + "\n")
        return cli.OK
    run = checker(target, options.Sources(), chosen)
    settings = run.settings(target)
    rules = run.selection(settings).rules
    rows: dict[str, Any] = {}
    for key, spec in KEYS.items():
        if key in {"select", "extend-select", "ignore"}:
            field = "extend" if key == "extend-select" else key
            value: Any = [s for layer in settings.selectors for s in getattr(layer, field)]
        elif key == "ignores":
            value = [f"{i.rule}: {i.reason}" for i in settings.ignores]
        else:
            value = getattr(settings, key.replace("-", "_"))
        rows[key] = {
            "value": _plain(value),
            "from": settings.origins.get(key, "default"),
            "env": spec.env,
        }
    if output.format == "json":
        data = {
            "file": str(settings.file) if settings.file else None,
            "profiles": list(settings.profile_chain),
            "settings": rows,
            "rules": [r.id for r in rules],
        }
        output.emit(json.dumps(data, indent=2) + "\n")
        return cli.OK
    output.emit(_text(settings.file, settings.profile_chain, rows, len(rules), output))
    for note in run.notes:
        click.echo(f"cardlint: {note}", err=True)
    return cli.OK


def _text(
    file: Any, chain: tuple[str, ...], rows: dict[str, Any], rules: int, output: options.Output
) -> str:
    from cardlint.report import paint
    from cardlint.report.paint import Line, Span
    from cardlint.settings_file import shown

    lines = [
        Line(Span("settings file  ", "dim"), shown(file) if file else "none"),
        Line(Span("profile        ", "dim"), " ← ".join(reversed(chain))),
        Line(Span("rules on       ", "dim"), f"{rules} (`cardlint rules --on` lists them)"),
        Line(),
    ]
    width = max(len(key) for key in rows)
    for key, row in rows.items():
        value = json.dumps(row["value"], ensure_ascii=False)
        lines.append(
            Line(
                Span(f"{key:<{width}}", "bold"),
                f" = {value}",
                Span(f"  ({row['from']})", "dim"),
                hang=width + 3,
            )
        )
    return paint.render(lines, output.style())


def _plain(value: Any) -> Any:
    """The value as it would stand in a settings file."""
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return str(value) if isinstance(value, Path | date) else value
