"""Ask what two models make of a third, as data.

::

    python merge.py ../rio/hub
"""

from __future__ import annotations

import sys
from pathlib import Path

import cardlint

MODEL = "prefeitura-rio/Rio-3.5-Open-397B@launch"  # a tag of the example; a commit does as well
PARENTS = ("Qwen/Qwen3.5-397B-A17B", "nex-agi/Nex-N2-Pro")


def main(hub: str) -> None:
    """Compare the miniature of examples/rio with its two possible parents."""
    access = cardlint.Access(hub=Path(hub), offline=True)
    said = cardlint.compare(MODEL, PARENTS, access=access)
    print(said.verdict.statement)
    for parent, share in said.verdict.coefficients.items():
        print(f"  {share.value:.4f} [{share.low:.4f}, {share.high:.4f}]  {parent}")


if __name__ == "__main__":
    main(*sys.argv[1:])
