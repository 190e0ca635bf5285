"""The options of ``check``, in groups that each reach it as one object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from cardlint.cli.options import Command, gather, terminal_options
from cardlint.errors import UsageError
from cardlint.findings import Confidence, Severity
from cardlint.report.interface import Style, formats

FILE = click.Path(dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which rules run under which settings."""

    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    profile: str | None = None
    preview: bool | None = None
    fail_on: str | None = None
    min_confidence: str | None = None
    config: Path | None = None
    isolated: bool = False
    before_upload: bool = False

    def overrides(self) -> dict[str, Any]:
        """Those that are given, as in a settings file."""
        return {
            "select": _split(self.select),
            "extend-select": (
                *_split(self.extend_select),
                *(["upload"] if self.before_upload else []),
            ),
            "ignore": _split(self.ignore),
            "profile": self.profile,
            "preview": self.preview,
            "fail-on": self.fail_on,
            "min-confidence": self.min_confidence,
        }


def _split(selectors: tuple[str, ...]) -> tuple[str, ...]:
    """Selectors may be repeated, or stand in one value with commas."""
    return tuple(s.strip() for text in selectors for s in text.split(",") if s.strip())


def chosen() -> Callable[[Command], Command]:
    """Add the options that choose rules and settings."""

    def selector(name: str, text: str) -> Callable[[Command], Command]:
        return click.option(name, multiple=True, metavar="RULE|FAMILY,…", help=text)

    return gather(
        "chosen",
        Chosen,
        [
            selector("--select", "Run these instead of the profile's."),
            selector("--extend-select", "Run these too."),
            selector("--ignore", "Do not run these."),
            click.option(
                "--profile",
                envvar="CARDLINT_PROFILE",
                metavar="NAME|FILE",
                help="default, strict, public-sector, hobby, or a file of your own.",
            ),
            click.option(
                "--preview/--no-preview",
                default=None,
                envvar="CARDLINT_PREVIEW",
                help="Run rules that are in preview.",
            ),
            click.option(
                "--fail-on",
                type=click.Choice([s.value for s in Severity]),
                envvar="CARDLINT_FAIL_ON",
                help="The least severity that makes the exit code 1.  [default: error]",
            ),
            click.option(
                "--min-confidence",
                type=click.Choice([c.value for c in Confidence]),
                envvar="CARDLINT_MIN_CONFIDENCE",
                help="Only count findings that are less sure.  [default: low]",
            ),
            click.option(
                "--config",
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                envvar="CARDLINT_CONFIG",
                help="This settings file instead of the nearest one.",
            ),
            click.option(
                "--before-upload",
                is_flag=True,
                help="Also look for what should not go up: secrets, training states, pickles, …",
            ),
            click.option(
                "--isolated",
                is_flag=True,
                envvar="CARDLINT_ISOLATED",
                help="No settings file at all.",
            ),
        ],
    )


@dataclass(frozen=True, slots=True)
class Aside:
    """What is set aside, and in which baseline."""

    no_ignores: bool = False
    baseline: Path | None = None
    write_baseline: Path | None = None
    prune_baseline: bool = False


def aside() -> Callable[[Command], Command]:
    """Add the options about ignores and baselines."""
    return gather(
        "aside",
        Aside,
        [
            click.option(
                "--no-ignores",
                is_flag=True,
                help="Tell what directives, settings, waivers and baselines would ignore.",
            ),
            click.option(
                "--baseline",
                type=FILE,
                envvar="CARDLINT_BASELINE",
                help="Set aside the findings that this file lists.",
            ),
            click.option("--write-baseline", type=FILE, help="Write what is found to this file."),
            click.option(
                "--prune-baseline",
                is_flag=True,
                help="Take out of the baseline what matches nothing any more.",
            ),
        ],
    )


@dataclass(frozen=True, slots=True)
class Fixing:
    """What is mended."""

    fix: bool = False
    unsafe_fixes: bool = False
    diff: bool = False

    @property
    def wanted(self) -> bool:
        """Whether anything is mended or shown."""
        return self.fix or self.diff or self.unsafe_fixes


def fixing() -> Callable[[Command], Command]:
    """Add the options that mend."""
    return gather(
        "fixing",
        Fixing,
        [
            click.option("--fix", is_flag=True, help="Mend what cannot change what the card says."),
            click.option("--unsafe-fixes", is_flag=True, help="Mend the rest too."),
            click.option(
                "--diff",
                is_flag=True,
                help="Show what --fix would change, and nothing else; write nothing.",
            ),
        ],
    )


@dataclass(frozen=True, slots=True)
class Results:
    """Where the report goes, in which formats."""

    format: str = "text"
    output_files: tuple[str, ...] = ()
    explain: bool = False
    statistics: bool = False
    exit_zero: bool = False
    progress: bool = True
    color: str = "auto"
    hyperlinks: str = "auto"

    def files(self) -> list[tuple[str, Path]]:
        """Format and file of each ``--output-file``.

        Raises:
            UsageError: one names no file.
        """
        known = formats()
        chosen = []
        for text in self.output_files:
            head, colon, tail = text.partition(":")
            format_, name = (head, tail) if colon and head in known else (self.format, text)
            close = get_close_matches(head, known, n=1) if colon and head not in known else []
            if close:
                raise UsageError(
                    f"--output-file {text}: no format is called {head}",
                    remedy=f"Did you mean {close[0]}:{tail}?",
                )
            if not name:
                raise UsageError(
                    f"--output-file {text} names no file", remedy="Write sarif:report.sarif."
                )
            chosen.append((format_, Path(name)))
        return chosen

    @property
    def to_stdout(self) -> bool:
        """A plain ``-o FILE`` takes the place of stdout; ``-o FORMAT:FILE`` is in addition to it."""
        known = formats()
        return all(text.partition(":")[0] in known for text in self.output_files)

    def style(self, *, file: bool = False) -> Style:
        """How stdout, or a file, wants the report."""
        from dataclasses import replace

        from cardlint.cli._terminal import style

        looks = Style() if file else style(color=self.color, hyperlinks=self.hyperlinks)
        return replace(looks, explain=self.explain, statistics=self.statistics)


def results() -> Callable[[Command], Command]:
    """Add the options about output."""
    return gather(
        "results",
        Results,
        [
            click.option(
                "--format",
                type=click.Choice(formats()),
                default="text",
                show_default=True,
                envvar="CARDLINT_FORMAT",
            ),
            click.option(
                "-o",
                "--output-file",
                "output_files",
                multiple=True,
                metavar="[FORMAT:]FILE",
                help="Also write FORMAT to FILE (may be repeated); FILE alone: instead of stdout.",
            ),
            click.option(
                "--explain",
                is_flag=True,
                help="Show evidence, why each rule matters and who says so, and what was ignored.",
            ),
            click.option("--statistics", is_flag=True, help="Count findings by rule."),
            click.option(
                "--exit-zero", is_flag=True, help="Exit with 0 whatever is found (not on errors)."
            ),
            click.option(
                "--progress/--no-progress",
                default=True,
                envvar="CARDLINT_PROGRESS",
                help="A counter on stderr, on a terminal only.",
            ),
            *terminal_options(),
        ],
    )
