"""``hf cardlint``: the real ``hf`` program finds the console script and hands everything on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.cli import bare
from tests.kit.repos import write_files


@pytest.mark.slow
def test_hf_runs_cardlint(tmp_path: Path) -> None:
    """Installed as `hf extensions install` leaves it: arguments and exit code go through."""
    bin_ = str(Path(sys.executable).parent)
    script, hf = shutil.which("hf-cardlint", path=bin_), shutil.which("hf", path=bin_)
    assert script, "install the package: hf-cardlint is one of its scripts"
    assert hf
    home = tmp_path / "home"
    folder = home / ".local" / "share" / "hf" / "extensions" / "hf-cardlint"
    folder.mkdir(parents=True)
    (folder / "hf-cardlint").symlink_to(script)
    manifest = {
        "owner": "cardlint",
        "repo": "hf-cardlint",
        "repo_id": "cardlint/hf-cardlint",
        "short_name": "cardlint",
        "executable_path": str(folder / "hf-cardlint"),
        "type": "python",
        "installed_at": "2026-11-22T00:00:00+00:00",
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    write_files(tmp_path / "m", {"README.md": "# Model\n"})
    done = subprocess.run(
        [
            hf,
            "cardlint",
            "check",
            str(tmp_path / "m"),
            "--offline",
            "--fail-on",
            "warning",
            "--select",
            "metadata/front-matter-missing",
        ],
        env={**bare(), "HOME": str(home), "HF_HUB_DISABLE_UPDATE_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "metadata/front-matter-missing" in done.stdout
