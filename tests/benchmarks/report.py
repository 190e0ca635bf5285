"""Time and size of a compliance report on the Rio example, after the facts are computed.

``python -m tests.benchmarks.report`` prints them beside the time that it takes to only escape the same
texts with the standard library: the least that any report must do.
"""

from __future__ import annotations

import html as stdlib_html
import json
import time
from collections.abc import Callable
from pathlib import Path

from cardlint.compliance.scan import scan
from cardlint.report.compliance import html, markdown, pdf
from cardlint.report.compliance import json as as_json
from cardlint.repository import Options
from cardlint.source.resolve import Resolver

HUB = Path(__file__).parents[2] / "examples/rio/hub"
LIMITS = {
    "html": (1.5, 500_000),
    "pdf": (4.0, None),
    "markdown": (None, None),
    "json": (None, None),
}


def timed(work: Callable[[], bytes]) -> tuple[float, int]:
    """Seconds of the first call (imports included) and bytes."""
    start = time.perf_counter()
    made = work()
    return time.perf_counter() - start, len(made)


def main() -> None:
    """Print the table."""
    document, _ = scan(
        "prefeitura-rio/Rio-3.5-Open-397B@launch",
        Resolver(hub=HUB, offline=True),
        Options(offline=True),
        "pt-BR",
        (),
        "public-sector",
        None,
    )
    floor, _ = timed(lambda: stdlib_html.escape(json.dumps(document)).encode())
    print(f"{'format':10} {'seconds':>8} {'limit':>6} {'× escaping':>11} {'bytes':>9} {'limit':>8}")
    for name, module in {"html": html, "pdf": pdf, "markdown": markdown, "json": as_json}.items():
        seconds, size = timed(lambda module=module: module.render(document))  # type: ignore[misc]  # bound now
        most, largest = LIMITS[name]
        print(
            f"{name:10} {seconds:8.2f} {most or '–':>6} {seconds / floor:11.0f} {size:9,} {largest or '–':>8}"
        )


if __name__ == "__main__":
    main()
