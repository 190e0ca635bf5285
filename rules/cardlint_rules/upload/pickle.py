"""``upload/pickle``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from cardlint.errors import Unavailable
from cardlint.findings import Finding, Location, NotChecked, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.source.interface import Range
from cardlint.upload import names

HEAD = 1024
"""Bytes that are looked at; a pickle is never loaded."""


class Pickle(Rule):
    """Weights are stored as a pickle, which runs code when it is loaded.

    ## What it checks
    No `.bin`, `.pt`, `.pth`, `.ckpt`, `.pkl` or `.joblib` begins as a Python pickle or as
    PyTorch's archive of one. The first bytes are read; nothing is loaded. What `upload/training-state`
    tells is not told again.

    ## Why it matters
    Loading a pickle runs whatever code is in it. The Hub scans pickles and marks them, and many
    programs refuse them.

    ## Example
    ```
    my-model/pytorch_model.bin
    ```

    ## How to fix
    ```python
    model.save_pretrained("my-model", safe_serialization=True)
    ```
    and remove the pickle.

    ## Sources
    - Hub documentation, Security, "Pickle Scanning"
    - Python documentation, `pickle`: "Only unpickle data you trust"
    """

    id = "upload/pickle"
    severity = Severity.WARNING
    needs = frozenset({Fact.FILES})
    frameworks = ()
    profiles = frozenset({"before-upload"})

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        safe = any(path.endswith(".safetensors") for path in repo.files)
        for path, entry in repo.files.items():
            if PurePosixPath(path).suffix.lower() not in names.PICKLED or names.training(path):
                continue
            try:
                head = repo.source.read_ranges([Range(path, 0, min(entry.size, HEAD))])[0]
            except Unavailable as reason:
                yield NotChecked(f"{self.id}: {path}", reason.message, reason.remedy)
                continue
            if names.pickled(path, head):
                yield self.finding(
                    f"{path} is a pickle: it runs code when it is loaded.",
                    Location(path),
                    next_step="Remove it; the safetensors files are here."
                    if safe
                    else "Store the weights as safetensors (save_pretrained does).",
                    evidence={"safetensors": safe},
                )
