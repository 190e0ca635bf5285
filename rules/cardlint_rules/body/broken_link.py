"""``body/broken-link``."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from difflib import get_close_matches
from urllib.parse import unquote, urlsplit

from cardlint.card.body import Link
from cardlint.findings import Finding, NotChecked, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule

MAX_TOLD = 50
"""Paths told of one card."""
WORTH = re.compile(
    r"\]\(\s*<?(?!https?:|mailto:|#|\s|>?\))|(?:href|src)\s*=\s*[\"']?(?!https?:|mailto:|data:|#|[\"'])|\]:\s*(?!https?:)",
    re.IGNORECASE,
)
# The Hub's own pages of a file: `./resolve/main/a.png` leads to `a.png`.
_PAGE = re.compile(r"^(?:\./)?(?:resolve|blob|raw|tree)/main/")


class BrokenLink(Rule):
    """A relative link or image leads to no file of the repository.

    ## What it checks
    Targets of links and images (Markdown and HTML) without a scheme, seen from the folder of the
    card, against the file list. `blob/main/`, `resolve/main/` and the like in front are taken off.
    A target that begins with `/` leads to the Hub's own pages and is not looked at.

    ## Why it matters
    The card shows a broken image, or a "LICENSE" that is not there.

    ## Example
    ```markdown
    See [LICENSE](LICENSE).
    ```
    in a repository without a file `LICENSE`.

    ## How to fix
    Add the file, or mend the path: case counts.

    ## Sources
    - Hub documentation, Model Cards: a card may use relative links to files of its repository
    """

    id = "body/broken-link"
    severity = Severity.WARNING
    needs = frozenset({Fact.CARD})

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        card = repo.card
        if not WORTH.search(card.body):
            return
        found: dict[str, list[Link]] = {}  # one finding for each path, wherever it is linked
        for link in card.markdown.links_where(WORTH):
            path = _path(link.target)
            if path:
                found.setdefault(path, []).append(link)
        if not found:
            return
        if repo.source.card_only:
            yield NotChecked(
                "relative links",
                "only the card was given; the files that its links lead to are not here",
                "Point cardlint at the folder that holds the card.",
            )
            return
        files = repo.files
        folders = {p[:i] for p in files for i, c in enumerate(p) if c == "/"}
        missing = [p for p in found if p not in files and p not in folders and p != "."]
        if len(missing) > MAX_TOLD:
            yield NotChecked(
                "relative links",
                f"{len(missing)} of them lead nowhere; the first {MAX_TOLD} are told",
            )
        for path in missing[:MAX_TOLD]:
            link, *others = found[path]
            close = get_close_matches(path, files, n=1, cutoff=0.75) or [
                f for f in files if f.lower() == path.lower()
            ]
            if path.startswith(".."):
                close = []
            yield self.finding(
                f"The {'image' if link.image else 'link'} leads to {path}, which is not in the repository.",
                card.location(link.start, link.end),
                next_step=f"Did you mean {close[0]}?"
                if close
                else f"Add {path}, or remove the link.",
                evidence={"target": link.target, "path": path},
                related=[card.location(x.start, x.end) for x in others[:MAX_TOLD]],
            )


def _path(target: str) -> str | None:
    """The path in the repository that a target means; ``None`` where it means something else."""
    target = target.strip()
    if not target or target.startswith(("#", "/", "?", "{", "<", "\\")) or "://" in target:
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or not parts.path or re.match(r"www\.|[\w.-]+@", parts.path):
        return None
    # "huggingface.co/org/model" without a scheme: wrong in another way, not a file.
    if re.match(
        r"[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|ai|co|dev|me|cn|edu|gov|info|app)(?:/|$)",
        parts.path,
    ):
        return None
    path = _PAGE.sub("", unquote(parts.path))
    return posixpath.normpath(path)
