"""Run the program: in this process where that is enough, as a child where it is not."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Ran:
    """How a run ended."""

    code: int
    out: str
    err: str


def run(*args: str | Path) -> Ran:
    """Run ``cardlint ARGS`` in this process."""
    from cardlint.cli import main

    out, err = io.StringIO(), io.StringIO()
    code: Any = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(a) for a in args])
        except SystemExit as end:
            code = end.code
    return Ran(int(code or 0), out.getvalue(), err.getvalue())


def child(*args: str | Path, env: Mapping[str, str] | None = None, **options: Any) -> Ran:
    """Run ``python -m cardlint ARGS`` as a child with a bare environment."""
    done = subprocess.run(
        [sys.executable, "-m", "cardlint", *map(str, args)],
        capture_output="stdout" not in options,
        text=True,
        timeout=60,
        check=False,
        env={**bare(), **(env or {})},
        **options,
    )
    return Ran(done.returncode, done.stdout or "", done.stderr or "")


def bare() -> dict[str, str]:
    """The environment without anything that changes what cardlint does."""
    return {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("CARDLINT_", "HF_", "GITHUB_", "CI"))
        and k not in {"NO_COLOR", "FORCE_COLOR", "TERM"}
    }
