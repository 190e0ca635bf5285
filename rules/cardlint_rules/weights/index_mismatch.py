"""``weights/index-mismatch``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Confidence, Finding, Location, NotChecked, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule

WEIGHTS = (".safetensors", ".safetensors.index.json", ".gguf")
REFUSED = frozenset({
    "header-unreadable", "offsets-outside", "offsets-overlap", "offsets-hole", "size-mismatch",
    "index-missing-file", "index-path", "index-unreadable", "shards-missing",
})  # fmt: skip
"""Faults with which the usual loaders refuse the files."""
LIMITS = frozenset({"not-here", "too-many-shards", "too-many-tensors", "headers-too-long", "more"})
"""What cardlint could not look at; no fault of the files."""
ELSEWHERE = frozenset({"unusual-pickle"})
"""Told by weights/unsafe-format."""


class IndexMismatch(Rule):
    """The weight files do not add up.

    ## What it checks
    The headers of safetensors and GGUF files, without reading weights: that they can be read, that
    every tensor lies inside its file, apart from the others and with the size that its shape needs,
    that all shards are there, and that the shard index and the shards name the same tensors.

    ## Why it matters
    Such a model does not load, loads in part with other weights left at random, or loads something
    else than what was checked. A truncated upload is the usual cause.

    ## Example
    ```json
    {"weight_map": {"mtp.fc.weight": "model-00003-of-00003.safetensors"}}
    ```
    where that shard holds no `mtp.fc.weight`.

    ## How to fix
    Upload the missing or truncated shards again; write the index anew with `save_pretrained`.

    ## Sources
    - safetensors, README, "Format"
    - huggingface_hub, `_safetensors.py`; transformers, `load_sharded_checkpoint`
    - ggml, `docs/gguf.md`
    """

    id = "weights/index-mismatch"
    severity = Severity.ERROR
    confidence = Confidence.CERTAIN
    needs = frozenset({Fact.FILES})
    frameworks = ("br-lai:hashes",)

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        if not any(path.endswith(WEIGHTS) for path in repo.files):
            return
        if repo.options.weights == "off":
            yield NotChecked("headers of weight files", "weights were not read (--weights off)")
            return
        from cardlint.errors import NotFound
        from cardlint.weights.checkpoint import open_checkpoint

        try:
            problems = open_checkpoint(repo.source).problems
        except NotFound as reason:
            yield NotChecked("headers of weight files", reason.message, reason.remedy)
            return
        for problem in problems:
            if problem.code in LIMITS:
                yield NotChecked(f"header of {problem.path}", problem.message)
            elif problem.code not in ELSEWHERE:
                yield self.finding(
                    f"{problem.message[:1].upper()}{problem.message[1:]}."
                    if not problem.message.startswith(problem.path)
                    else f"{problem.message}.",
                    Location(problem.path),
                    severity=None if problem.code in REFUSED else Severity.WARNING,
                    next_step=_next(problem.code, problem.path),
                    evidence={"fault": problem.code},
                )


def _next(code: str, path: str) -> str:
    if code in {"index-missing-file", "shards-missing"}:
        return "Upload the missing shards."
    if code.startswith("index-"):
        return f"Write {path} anew with save_pretrained."
    return f"Upload {path} again, and compare its size and hash with your copy."
