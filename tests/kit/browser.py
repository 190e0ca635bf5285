"""A real browser for the pages: Debian's Chromium, driven by playwright-core, judged by axe-core.

The two npm packages are found through ``NODE_PATH``; ``.ci/run`` installs them. Without them the
tests that need them are skipped, with the reason.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def why_not() -> str | None:
    """Why no browser can be had here; ``None`` when one can."""
    if chromium() is None:
        return "Chromium is not installed"
    if shutil.which("node") is None:
        return "node is not installed"
    script = "require('playwright-core'); require('axe-core')"
    done = subprocess.run(["node", "-e", script], capture_output=True, check=False)
    return None if done.returncode == 0 else "playwright-core or axe-core is not on NODE_PATH"


def chromium() -> str | None:
    """The browser's executable."""
    names = ("chromium", "google-chrome", "chromium-browser")
    return next(filter(None, map(shutil.which, names)), None)


def visit(pages: list[dict[str, Any]], scratch: Path) -> list[dict[str, Any]]:
    """Open pages and tell what was seen of each.

    Args:
        pages: rows with ``url`` and, optionally, ``screenshot``, ``pdf``, ``width``, ``actions``.
        scratch: a folder for the job file.

    Raises:
        AssertionError: the browser failed.
    """
    job = scratch / "job.json"
    job.write_text(json.dumps({"executable": chromium(), "pages": pages}))
    done = subprocess.run(
        ["node", HERE / "browser.cjs", job],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env={**os.environ},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    seen: list[dict[str, Any]] = json.loads(done.stdout)
    return seen
