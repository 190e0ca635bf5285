"""Refreshes the vendored vocabulary and shows what changed: ``python -m cardlint.card.refresh``.

Pipeline tags, subtasks, libraries, evaluation frameworks and languages come from the npm packages
``@huggingface/tasks`` and ``@huggingface/languages`` (``npm`` and ``node`` must be there); licenses
from the table in the Hub's documentation, which Hugging Face itself reads by machine. Nothing is
written without ``--write``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "vocabulary"
TASKS, LANGUAGES = "@huggingface/tasks", "@huggingface/languages"
LICENSES = "huggingface/hub-docs docs/hub/repositories-licenses.md"
LICENSES_URL = (
    "https://raw.githubusercontent.com/huggingface/hub-docs/main/docs/hub/repositories-licenses.md"
)
_REGION = re.compile(r"<!--\s*region licenses\s*-->(.*?)<!--\s*endregion", re.DOTALL)
_ROW = re.compile(r"\|\s*`([a-z0-9.+-]+)`")
_NOT_A_LANGUAGE = {"code": "Code", "multilingual": "Multilingual"}
"""What the Hub takes for a language besides ISO 639."""

_DUMP = """
const [where] = process.argv.slice(1);
const tasks = require(where + "/tasks");
const { LANGUAGES_ISO_639_1: two, LANGUAGES_ISO_639_3: three } = require(where + "/languages");
const names = (table) => Object.fromEntries(Object.values(table).map((l) => [l.code, l.name]));
process.stdout.write(JSON.stringify({
  pipeline_tags: Object.fromEntries(Object.entries(tasks.PIPELINE_DATA).map(
    ([tag, data]) => [tag, (data.subtasks ?? []).map((s) => s.type)])),
  libraries: Object.fromEntries(Object.entries(tasks.MODEL_LIBRARIES_UI_ELEMENTS).map(
    ([key, library]) => [key, library.prettyLabel])),
  eval_frameworks: Object.keys(tasks.EVALUATION_FRAMEWORKS),
  languages: { two: names(two), three: names(three) },
}));
"""


def main(arguments: list[str] | None = None) -> int:
    """Show the difference between the vendored and the current lists; 1 when there is one."""
    parser = argparse.ArgumentParser(prog="python -m cardlint.card.refresh", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the new lists")
    parser.add_argument(
        "--licenses",
        metavar="FILE",
        help="the license table (Markdown) or a list of ids, instead of the online document",
    )
    parser.add_argument("--licenses-date", metavar="YYYY-MM-DD", help="the date of that FILE")
    chosen = parser.parse_args(arguments)
    today = datetime.now(UTC).date().isoformat()
    fresh, sources = _packages(today)
    text = Path(chosen.licenses).read_text("utf-8") if chosen.licenses else _download(LICENSES_URL)
    dated = chosen.licenses_date or today
    fresh["licenses"] = license_ids(text)
    sources["licenses"] = {
        "source": LICENSES,
        "version": dated,
        "date": dated,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "checked": dated,
    }
    changed = 0
    for name, values in sorted(fresh.items()):
        file = HERE / f"{name}.json"
        old = json.loads(file.read_text("utf-8")) if file.exists() else {}
        for line in difference(old, values):
            changed += 1
            sys.stdout.write(f"{name}: {line}\n")
        if chosen.write:
            file.write_text(_pretty(values), "utf-8")
    if chosen.write:
        (HERE / "sources.json").write_text(_pretty(sources), "utf-8")
    sys.stdout.write(f"{changed} changes\n")
    return 1 if changed else 0


def license_ids(text: str) -> dict[str, list[str]]:
    """The license ids of the documentation's table, or of a plain list with one id a line.

    Raises:
        ValueError: neither is in the text.
    """
    region = _REGION.search(text)
    rows = _ROW.findall(region[1]) if region else re.findall(r"(?m)^([a-z0-9.+-]+)$", text)
    if "apache-2.0" not in rows:
        raise ValueError("no license table was found in the text")
    return {"ids": sorted(set(rows))}


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """One line for each key or list item added, removed or changed."""
    lines = []
    for key in sorted({*old, *new}):
        before, after = old.get(key), new.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            lines += [f"{key}: {line}" for line in difference(before, after)]
        elif isinstance(before, list) and isinstance(after, list):
            lines += [f"{key}: + {v}" for v in after if v not in before]
            lines += [f"{key}: - {v}" for v in before if v not in after]
        elif key not in old:
            lines.append(f"+ {key}")
        elif key not in new:
            lines.append(f"- {key}")
        elif before != after:
            lines.append(f"{key}: {before} -> {after}")
    return lines


def _packages(today: str) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, str]]]:
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        tasks, languages = (_package(name, where, today) for name in (TASKS, LANGUAGES))
        dump = subprocess.run(  # noqa: S603  # our own script; the path is our temporary folder
            [_program("node"), "-e", _DUMP, folder], check=True, capture_output=True, text=True
        )
    data = json.loads(dump.stdout)
    codes, names = data["languages"]["two"], data["languages"]["three"]
    fresh = {
        "pipeline_tags": data["pipeline_tags"],
        "libraries": data["libraries"],
        "eval_frameworks": {"ids": sorted(data["eval_frameworks"])},
        "languages": {"two": sorted(codes), "three": sorted(names), "more": [*_NOT_A_LANGUAGE]},
        "language_names": {**names, **codes},
    }
    return fresh, {
        "pipeline_tags": tasks,
        "libraries": tasks,
        "eval_frameworks": tasks,
        "languages": languages,
        "language_names": languages,
    }


def _package(name: str, folder: Path, today: str) -> dict[str, str]:
    """Fetch and unpack the current version of an npm package; say which it was."""
    npm = _program("npm")
    packed = subprocess.run(  # noqa: S603  # npm, with constant arguments
        [npm, "pack", name, "--json", "--pack-destination", str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    about = json.loads(packed.stdout)[0]
    shown = subprocess.run(  # noqa: S603  # npm, with constant arguments
        [npm, "view", name, "time", "--json"], check=True, capture_output=True, text=True
    )
    archive = folder / about["filename"]
    with tarfile.open(archive) as tar:
        tar.extractall(folder / name, filter="data")
    (folder / name / "package").rename(folder / name.rpartition("/")[2])
    return {
        "source": f"npm {name}",
        "version": about["version"],
        "date": json.loads(shown.stdout)[about["version"]][:10],
        "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
        "checked": today,
    }


def _program(name: str) -> str:
    found = shutil.which(name)
    if not found:
        raise SystemExit(f"{name} is needed and is not installed")
    return found


def _download(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310  # a constant https address
        return str(answer.read(1 << 20).decode("utf-8"))


def _pretty(data: Any) -> str:
    return json.dumps(data, indent=0, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
