"""``weights/unsafe-format``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cardlint.errors import Unavailable
from cardlint.findings import Finding, Location, NotChecked, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.source.interface import Range
from cardlint.upload.names import PICKLED, pickled

HEAD = 1024
"""Bytes of a file that tell a pickle."""
MAX_OPENED = 50
"""Pickles of one repository that are taken apart to see what they name; all are reported."""


class UnsafeFormat(Rule):
    """Weights are stored as a pickle, which runs code when it is loaded.

    ## What it checks
    Files whose name and first bytes are those of a Python pickle or of PyTorch's archive of one.
    The instructions are taken apart, not followed: names of functions that a state dict does not
    need are told. Nothing is ever loaded.

    ## Why it matters
    Loading a pickle calls whatever functions it names, with whatever arguments it brings. A model
    in safetensors holds numbers only, and its weights can be checked without downloading them.

    ## Example
    ```
    pytorch_model.bin
    ```

    ## How to fix
    ```python
    model.save_pretrained("my-model", safe_serialization=True)
    ```

    ## Sources
    - Python documentation, `pickle`: "Only unpickle data you trust"
    - Hub documentation, Security, "Pickle Scanning"
    - safetensors, README, "Yet another format?"
    """

    id = "weights/unsafe-format"
    severity = Severity.WARNING
    needs = frozenset({Fact.FILES})
    frameworks = ("g7-sbom-ai:safe-formats",)

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        named = [p for p in repo.files if p.lower().endswith(tuple(PICKLED))]
        here = [p for p in named if repo.files[p].present]
        for path in set(named) - set(here):
            yield NotChecked(
                f"{self.id}: {path}", "it is a git-LFS pointer; its content is not here"
            )
        heads = repo.source.read_ranges([Range(p, 0, min(repo.files[p].size, HEAD)) for p in here])
        found = [p for p, head in zip(here, heads, strict=True) if pickled(p, head)]
        if not found:
            return
        odd = dict(_named(repo, found[:MAX_OPENED]))
        for path, names in odd.items():
            yield self.finding(
                f"{path} is a pickle that names {', '.join(names[:5])}: loading it would run that.",
                Location(path),
                next_step=f"Do not load {path}; store the weights as safetensors.",
                evidence={"names": list(names)},
            )
        rest = [p for p in found if p not in odd]
        if rest:
            safe = any(p.endswith(".safetensors") for p in repo.files)
            shown = ", ".join(rest[:3]) + (f" and {len(rest) - 3} more" if len(rest) > 3 else "")
            verb = "is a pickle" if len(rest) == 1 else "are pickles"
            yield self.finding(
                f"{shown} {verb}: loading one runs code"
                + ("." if safe else ", and there is no safetensors file."),
                Location(rest[0]),
                severity=Severity.INFO if safe else None,
                next_step="Remove what the safetensors files replace."
                if safe
                else "Store the weights as safetensors.",
                evidence={"files": list(rest[:100]), "count": len(rest), "safetensors": safe},
            )


def _named(repo: Repository, paths: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The pickles that name functions which have no business in a state dict."""
    from cardlint.weights.formats.torch_zip import unusual_names

    for path in paths:
        try:
            names = unusual_names(repo.source, path, repo.files[path].size)
        except Unavailable:
            continue
        if names:
            yield path, names
