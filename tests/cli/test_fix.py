"""``--fix``, ``--unsafe-fixes`` and ``--diff``."""

from __future__ import annotations

from pathlib import Path

from tests.kit.cli import run
from tests.kit.repos import write_files

RULE = "metadata/front-matter-missing"
STALE = f"---\r\nlicense: mit\r\n---\r\n# Model\r\n<!-- cardlint: ignore[{RULE}] not needed -->\r\n"
ONLY = ("--select", RULE, "--offline")


def test_a_safe_fix_is_written_to_the_byte(tmp_path: Path) -> None:
    """Line ends and all else stay; what was done is said on stderr."""
    write_files(tmp_path, {"README.md": STALE})
    ran = run("check", tmp_path, *ONLY, "--fix", "--fail-on", "info")
    assert (ran.code, ran.out.split(";")[0]) == (0, "No findings")
    assert ran.err == f"cardlint: mended {tmp_path / 'README.md'}\n"
    assert (tmp_path / "README.md").read_bytes() == (
        b"---\r\nlicense: mit\r\n---\r\n# Model\r\n\r\n"
    )


def test_diff_writes_nothing(tmp_path: Path) -> None:
    """It shows what --fix would do, and nothing else."""
    write_files(tmp_path, {"README.md": STALE})
    ran = run("check", tmp_path, *ONLY, "--diff")
    assert f"-<!-- cardlint: ignore[{RULE}] not needed -->" in ran.out
    assert "warning" not in ran.out
    assert (tmp_path / "README.md").read_bytes().decode() == STALE


def test_a_single_card_is_mended_under_its_own_name(tmp_path: Path) -> None:
    """Positions and edits are those of the file that was given."""
    write_files(tmp_path, {"card.md": STALE})
    ran = run("check", tmp_path / "card.md", *ONLY)
    assert f"{tmp_path / 'card.md'}:5:23" in ran.out
    run("check", tmp_path / "card.md", *ONLY, "--fix")
    assert "cardlint:" not in (tmp_path / "card.md").read_text("utf-8")
    assert not (tmp_path / "README.md").exists()


def test_a_remote_repository_is_not_mended(tmp_path: Path) -> None:
    """It says so; a proposal there is --report-to-hub --as-pr."""
    write_files(tmp_path / "hub/org/m", {"README.md": STALE})
    commits = [{"date": "2026-01-01", "message": "one", "files": {"README.md": STALE}}]
    from tests.kit.repos import write_git

    write_git(tmp_path / "hub/org/bare", commits, bare=True)
    ran = run("check", "org/bare", "--hub", tmp_path / "hub", *ONLY, "--fix")
    assert "org/bare is not a folder here: nothing is mended" in ran.err


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    """A fix never writes to a file elsewhere."""
    write_files(tmp_path, {"outside.md": STALE, "m/config.json": "{}"})
    (tmp_path / "m/README.md").symlink_to(tmp_path / "outside.md")
    run("check", tmp_path / "m", *ONLY, "--fix")
    assert (tmp_path / "outside.md").read_bytes().decode() == STALE
