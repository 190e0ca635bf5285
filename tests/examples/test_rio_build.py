"""The example's folder hub is what its script makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples/rio"


def _content(root: Path) -> dict[str, bytes]:
    return {
        p.relative_to(root).as_posix(): p.read_bytes()
        for p in sorted(root.rglob("*"))
        if p.is_file()
    }


def test_the_script_rebuilds_the_hub_byte_for_byte(tmp_path: Path) -> None:
    """No file more, no file less, no byte different."""
    subprocess.run([sys.executable, EXAMPLE / "build.py", tmp_path / "hub"], check=True)
    assert _content(tmp_path / "hub") == _content(EXAMPLE / "hub")
