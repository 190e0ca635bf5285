"""``license/link-broken``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from cardlint.findings import Finding, NotChecked, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.license import _at

_BLOB = re.compile(r"^/(?P<id>[^/]+/[^/]+)/(?:blob|raw|resolve)/(?P<revision>[^/]+)/(?P<path>.+)$")
_HUB = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})


class LinkBroken(Rule):
    """`license_link` points to a file that is not here.

    ## What it checks
    A `license_link` without a scheme is a path in this repository, and one to
    `huggingface.co/ORG/NAME/blob/main/PATH` of this very repository is one too: the file must be in
    the file list. Links to other places are reported as not checked; no address is asked for.

    ## Why it matters
    `license: other` means whatever the link leads to.

    ## Example
    ```yaml
    license: other
    license_name: my-license
    license_link: LICENSE.txt   # the file is called LICENSE
    ```

    ## How to fix
    Name the file as it is called in the repository.

    ## Sources
    - Hub documentation, Model Cards: `license_link` is `LICENSE`, `LICENSE.md` or an address
    """

    id = "license/link-broken"
    severity = Severity.WARNING
    needs = frozenset({Fact.FILES, Fact.LICENSES})
    frameworks = ("hf:licenses",)

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        link = repo.licenses.link
        if link is None or not isinstance(link.data, str) or not link.data.strip():
            return
        text = link.data.strip()
        path = _own_path(repo, text)
        if path is None:
            yield NotChecked("license_link", f"{text[:120]} leads outside this repository")
            return
        _at.need_files(repo)
        if path in repo.files:
            return
        near = next((p for p in repo.files if p.lower() == path.lower()), None)
        licenses = [f.path for f in repo.licenses.files]
        hint = near or (licenses[0] if licenses else None)
        yield self.finding(
            f"license_link names {text}, and this repository has no such file."
            + (f" It has {hint}." if hint else ""),
            link.span.location(repo.card.path),
            next_step=f"Write `license_link: {hint}`." if hint else f"Add {path}.",
            evidence={"link": text, "path": path},
        )


def _own_path(repo: Repository, text: str) -> str | None:
    """The path in this repository that a link means; ``None`` for a link to another place."""
    parts = urlsplit(text)
    if not parts.scheme and not parts.netloc:
        return unquote(parts.path).removeprefix("./")
    if parts.netloc.lower() not in _HUB:
        return None
    blob = _BLOB.match(parts.path)
    if blob and repo.id and blob["id"].lower() == repo.id.lower() and blob["revision"] == "main":
        return unquote(blob["path"])
    return None
