"""``history/correction-without-identification``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardlint.card.body import BlockKind
from cardlint.findings import Confidence, Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule

_UPLOAD = (
    r"uploads?|uploaded|checkpoints?|weights?|files?|versions?|revisions?|models?|"
    r"envio|enviad[oa]s?|pesos?|arquivos?|vers[ãa]o|modelo|"
    r"subid[oa]s?|carga|archivos?|versi[óo]n"
)
_WRONG = (
    r"incorrect(?:ly)?|wrong(?:ly)?|mistaken(?:ly)?|by mistake|in error|accidental(?:ly)?|erroneous(?:ly)?|"
    r"incorret[oa]s?|incorretamente|errad[oa]s?|por engano|"
    r"incorrect[oa]s?|equivocad[oa]s?|por error|err[óo]ne[oa]s?"
)
_NOTE = re.compile(
    rf"\b(?:{_WRONG})\s+(?:\w+\s+){{0,2}}(?:{_UPLOAD})\b|\b(?:{_UPLOAD})\b[^.!?\n]{{0,60}}\b(?:{_WRONG})(?!\w)"
    rf"|\b(?:was|were|had been) uploaded instead\b",
    re.IGNORECASE,
)
_UPLOADED = re.compile(
    r"\b(?:upload|re-?upload|publish|release|envi|subi|carg|publicad|lan[çc]ad)", re.IGNORECASE
)
_NAMED = re.compile(
    r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b|\bsha-?256\b|/(?:commit|tree|blob)/\w+",
    re.IGNORECASE,
)


class CorrectionWithoutIdentification(Rule):
    """The card says that wrong weights were uploaded, but not which, nor which are right.

    ## What it checks
    A paragraph of the card that speaks of an upload that was wrong (English, Portuguese, Spanish),
    with no commit id, file hash or link to a commit in it or in the paragraphs beside it.

    ## Why it matters
    Who holds a copy cannot tell whether it is the wrong one, and nobody can check the correction.

    ## Example
    ```markdown
    An incorrect upload was detected: the merged base version was uploaded instead of the final one.
    ```

    ## How to fix
    ```markdown
    Commit 2b55fe3 holds the merged version (sha256 of its first shard: 9f86d0…); the final one is
    in commit a1b2c3d.
    ```

    ## Sources
    - The Rio 3.5 Open 397B case of June 2026
    """

    id = "history/correction-without-identification"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    needs = frozenset({Fact.CARD})
    frameworks = ("br-lai:hashes", "nist-ai-600-1:card-history")

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        blocks = card.markdown.blocks
        for number, block in enumerate(blocks):
            if block.kind is not BlockKind.PARAGRAPH:
                continue
            note = _NOTE.search(block.text) if _UPLOADED.search(block.text) else None
            if not note:
                continue
            around = " ".join(b.text for b in blocks[max(0, number - 1) : number + 2])
            if _NAMED.search(around):
                continue
            start, end = block.at(note.start()), block.at(note.end() - 1) + 1
            said = " ".join(note[0].split())
            yield self.finding(
                f'The card speaks of a wrong upload ("{said}") and names no commit or file hash.',
                card.location(start, end),
                next_step="Name the commit or sha256 of the wrong files, and of the right ones.",
                evidence={"text": " ".join(block.text.split())[:500]},
            )
