"""Check a list of models from Python, and print the worst first.

::

    python audit.py ../rio/hub prefeitura-rio/Rio-3.5-Open-397B nex-agi/Nex-N2-Pro
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import cardlint


def main(hub: str, *models: str) -> int:
    """Check ``models`` in the folder hub ``hub``; the number of findings is the exit code."""
    logging.basicConfig(level=logging.WARNING)  # cardlint logs below "cardlint", and never prints
    access = cardlint.Access(hub=Path(hub), offline=True, weights="off")
    report = cardlint.check(models, access=access, settings={"profile": "public-sector"})
    for target in sorted(report.targets, key=lambda t: -len(t.findings)):
        print(f"{target.target}: {len(target.findings)} findings")
        for finding in target.findings:
            at = finding.location
            print(f"  {at.path}:{at.line}  {finding.severity}  {finding.rule}")
        for gap in target.not_checked:
            print(f"  not checked: {gap.what}, because {gap.why}")
    return sum(len(t.findings) for t in report.targets)


if __name__ == "__main__":
    main(*sys.argv[1:])
