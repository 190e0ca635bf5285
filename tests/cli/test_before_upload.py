"""``--before-upload``: what matters before a folder becomes public."""

from __future__ import annotations

from pathlib import Path

from tests.kit.cli import run
from tests.kit.repos import write_files

FILES = {
    "README.md": "---\nlicense: mit\n---\n# Model\n",
    ".env": "A=1\n",
    "optimizer.pt": "x",
    "pytorch_model.bin": {"hex": "80025d2e"},
}


def test_it_adds_the_upload_rules_to_the_profiles(tmp_path: Path) -> None:
    """They are off without it, and all others stay on with it."""
    write_files(tmp_path, FILES)
    without = run("check", tmp_path, "--offline", "--weights", "off", "--format", "concise").out
    with_it = run(
        *("check", tmp_path, "--offline", "--weights", "off", "--format", "concise"),
        "--before-upload",
    ).out
    assert "upload/" not in without
    for rule in ("private-file", "training-state", "pickle"):
        assert f"upload/{rule}" in with_it
    kept = {line for line in without.splitlines()[:-1] if "not checked" not in line}
    assert kept <= set(with_it.splitlines())


def test_single_rules_of_it_can_be_left_out(tmp_path: Path) -> None:
    """Like any other."""
    write_files(tmp_path, FILES)
    ran = run("check", tmp_path, "--offline", "--before-upload", "--ignore", "upload/pickle")
    assert "upload/private-file" in ran.out
    assert "upload/pickle" not in ran.out
