"""`cardlint notice`: what it composes, that it makes nothing up, and that twice changes nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cardlint.findings import Finding
from cardlint.licensing.notice import CARD, NOTICE, THIRD_PARTY, Composed, compose
from cardlint.repository import Options, Repository
from cardlint.source.resolve import Resolver
from tests.kit.repos import write_files
from tests.kit.run import check

ROOT = Path(__file__).parents[2]
APACHE = (ROOT / "LICENSE").read_text("utf-8")
LLAMA = (
    "Llama 3.1 is licensed under the Llama 3.1 Community License, "
    "Copyright © Meta Platforms, Inc. All Rights Reserved."
)
HUB: dict[str, dict[str, Any]] = {
    "org/base": {
        "README.md": "---\nlicense: apache-2.0\n---\n# Base\n",
        "LICENSE": {"checkout": "LICENSE"},
        "NOTICE": "Base weights\nCopyright 2025 Base Org\n",
    },
    "org/llama": {"README.md": "---\nlicense: llama3.1\n---\n# Llama\n"},
    "org/tuned": {
        "README.md": "---\nlicense: apache-2.0\nbase_model: org/base\n---\n# Tuned\n",
        "AUTHORS": "Copyright (c) 2026 Tuner\n",
    },
}


def _write(root: Path, front: str, **files: Any) -> Path:
    for name, table in HUB.items():
        write_files(root / name, table)
    write_files(root / "org/mine", {"README.md": f"---\n{front}\n---\n# Mine\n", **files})
    return root


def _compose(hub: Path) -> Composed:
    resolver = Resolver(hub=hub, offline=True)
    source = resolver.target("org/mine")
    return compose(Repository(source, resolver, Options(offline=True)))


def _apply(hub: Path, composed: Composed) -> None:
    for path, text in composed.files.items():
        (hub / "org/mine" / path).write_text(text, "utf-8", newline="")


def _said(hub: Path, *rules: str) -> list[Finding]:
    return [f for r in rules for f in check(hub, "org/mine", f"license/{r}").findings]


KEPT = (
    "upstream-terms-dropped",
    "notice-dropped",
    "notice-altered",
    "attribution-dropped",
    "change-notice-missing",
    "sentence-missing",
    "phrase-missing",
)


@pytest.mark.parametrize(
    "front",
    [
        "license: mit\nbase_model: org/base",
        "license: mit\nbase_model: org/tuned",
        "license: apache-2.0\nbase_model: [org/base, org/tuned]",
        "license: apache-2.0\nbase_model: org/base\nbase_model_relation: quantized",
    ],
)
def test_what_was_missing_is_there_afterwards(tmp_path: Path, front: str) -> None:
    """The rules about kept conditions speak before and are silent after; twice changes nothing."""
    hub = _write(tmp_path, front)
    assert _said(hub, *KEPT)
    composed = _compose(hub)
    _apply(hub, composed)
    assert [f.message for f in _said(hub, *KEPT)] == []
    again = _compose(hub)
    assert again.files == {}
    assert set(again.unchanged) == set(composed.files)


def test_texts_are_copied_and_never_made_up(tmp_path: Path) -> None:
    """Apache is a copy with its place; the text of Llama 3.1 cannot be had and is still to do."""
    hub = _write(tmp_path, "license: llama3.1\nbase_model: [org/base, org/llama]")
    composed = _compose(hub)
    assert APACHE.strip("\n") in composed.files[THIRD_PARTY]
    assert "copied from org/base, LICENSE" in composed.files[THIRD_PARTY]
    assert "Llama" not in composed.files[THIRD_PARTY]
    assert LLAMA in composed.files[NOTICE]
    assert "**Built with Llama**" in composed.files[CARD]
    assert any("text of the Llama 3.1" in line for line in composed.to_do)
    assert any("must begin with “Llama”" in line for line in composed.to_do)


def test_notices_name_the_files_and_the_way(tmp_path: Path) -> None:
    """The statement of changes names the weight files and the chain."""
    weights = {"model.safetensors": {"hex": "00"}}
    hub = _write(tmp_path, "license: mit\nbase_model: org/tuned", **weights)
    notice = _compose(hub).files[NOTICE]
    said = "The files model.safetensors are modified: the weights were fine-tuned from org/base through org/tuned."
    assert said in notice
    assert "Base weights\nCopyright 2025 Base Org" in notice
    assert "Copyright (c) 2026 Tuner" in notice


def test_own_words_stay(tmp_path: Path) -> None:
    """What stands before and behind the composed part is not touched, also when it is renewed."""
    hub = _write(tmp_path, "license: mit\nbase_model: org/base", NOTICE="Our own words.\n")
    _apply(hub, _compose(hub))
    path = hub / "org/mine" / NOTICE
    path.write_text(path.read_text("utf-8") + "More of our own.\n", "utf-8")
    write_files(hub / "org/base", {"NOTICE": "Base weights, second edition\n"})
    composed = _compose(hub)
    text = composed.files[NOTICE]
    assert text.startswith("Our own words.\n")
    assert text.endswith("More of our own.\n")
    assert "second edition" in text
    assert "Copyright 2025 Base Org" not in text


def test_what_cannot_be_mended_is_told(tmp_path: Path) -> None:
    """A conflict, an ancestor out of reach, a text of one's own: listed, not hidden."""
    hub = _write(tmp_path, "license: mit\nbase_model: [org/llama, org/away]")
    to_do = "\n".join(_compose(hub).to_do)
    assert "no notice mends it" in to_do
    assert "org/away" in to_do
    assert "your own license, the MIT License" in to_do


def test_the_rio_case(tmp_path: Path) -> None:
    """At the corrected commit all four are missing; after `notice --write` none is."""
    hub = tmp_path / "hub"
    shutil.copytree(ROOT / "examples" / "rio" / "hub", hub)
    target = tmp_path / "rio"
    clone = ["git", "clone", "-q", str(hub / "prefeitura-rio" / "Rio-3.5-Open-397B"), str(target)]
    subprocess.run(clone, check=True, timeout=60)

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cardlint", *args, "--hub", str(hub), "--offline"]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    rules = ["--select", "license/upstream-terms-dropped", "--select", "license/notice-dropped"]
    before = run("check", str(target), "--weights", "off", *rules)
    assert all(s in before.stdout for s in ("4(a)", "4(b)", "4(c)", "4(d)"))
    written = run("notice", str(target), "--write")
    assert written.returncode == 0, written.stderr
    assert "Still to do:\n  - Add the text of your own license, the MIT License" in written.stderr
    after = run("check", str(target), "--weights", "off", *rules)
    assert after.stdout.startswith("No findings; "), after.stdout
    again = run("notice", str(target), "--write")
    assert "wrote" not in again.stderr


def test_a_repository_elsewhere_is_not_written(tmp_path: Path) -> None:
    """`--write` needs a folder."""
    hub = tmp_path / "hub"
    shutil.copytree(ROOT / "examples" / "rio" / "hub", hub)
    command = [
        sys.executable,
        "-m",
        "cardlint",
        "notice",
        "prefeitura-rio/Rio-3.5-Open-397B",
        "--write",
        "--hub",
        str(hub),
        "--offline",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert "not a folder that can be written" in done.stderr
