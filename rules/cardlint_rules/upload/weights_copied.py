"""``upload/weights-copied``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from cardlint.errors import Unavailable
from cardlint.findings import Finding, Location, NotChecked, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.source.interface import Entry, Range

SUFFIXES = (".safetensors", ".gguf", ".bin", ".pt", ".pth", ".onnx")
MAX_HASHED = 64 << 30
"""Bytes that are hashed at most: some minutes."""
PIECE = 16 << 20


class WeightsCopied(Rule):
    """A weight file is byte for byte that of a parent.

    ## What it checks
    The size and SHA-256 of each weight file against those that the declared parents' repositories
    give for theirs. Files of another size are not hashed.

    ## Why it matters
    The same bytes under a new name say that nothing was trained. That may be meant (a mirror, a
    copy with another tokenizer), and is then said in the card; or the wrong file is about to go up.

    ## Example
    `model.safetensors` of `org/base`, in a folder whose card says "fine-tuned from org/base".

    ## How to fix
    Check that this is the file you mean to publish. If it is, say in the card that the weights are
    those of the parent, unchanged.

    ## Sources
    - git-lfs specification: the pointer's `oid` is the SHA-256 of the content
    """

    id = "upload/weights-copied"
    severity = Severity.WARNING
    needs = frozenset({Fact.FILES, Fact.UPSTREAM})
    profiles = frozenset({"before-upload"})

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        mine = {p: e for p, e in repo.files.items() if p.endswith(SUFFIXES) and e.size}
        theirs: dict[int, list[tuple[str, Repository, Entry]]] = {}
        for name, parent in repo.upstream.repositories.items():
            if isinstance(parent, Unavailable):
                yield NotChecked(f"weights of {name}", parent.message, parent.remedy)
                continue
            for entry in parent.files.values():
                if entry.path.endswith(SUFFIXES):
                    theirs.setdefault(entry.size, []).append((name, parent, entry))
        left = MAX_HASHED
        for path, entry in mine.items():
            alike = theirs.get(entry.size, [])
            cost = entry.size * (entry.sha256 is None) * bool(alike)
            if cost > left:
                yield NotChecked(
                    f"{self.id}: {path}", f"hashing {entry.size:,} bytes costs too much"
                )
                continue
            left -= cost
            for name, parent, other in alike:
                if digest(repo, entry) == digest(parent, other):
                    yield self.finding(
                        f"{path} is byte for byte {other.path} of {name}.",
                        Location(path),
                        next_step="If this is the file you mean, say in the card that the "
                        f"weights are those of {name}, unchanged.",
                        evidence={
                            "parent": name,
                            "file": other.path,
                            "sha256": digest(repo, entry),
                            "bytes": entry.size,
                        },
                    )
                    break


def digest(repo: Repository, entry: Entry) -> str:
    """The SHA-256 of a file, as the place says or, of a file on this disk, computed once."""
    if entry.sha256:
        return entry.sha256
    key = f"sha256:{entry.path}"
    if key not in repo.known:
        total = hashlib.sha256()
        for offset in range(0, entry.size, PIECE):
            piece = Range(entry.path, offset, min(PIECE, entry.size - offset))
            total.update(repo.source.read_ranges([piece])[0])
        repo.known[key] = total.hexdigest()
    found: str = repo.known[key]
    return found
