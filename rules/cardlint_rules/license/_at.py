"""Where findings about licenses stand, and fixes that bring a text."""

from __future__ import annotations

from collections.abc import Sequence

from cardlint.errors import Unavailable
from cardlint.findings import Edit, Fix, Location
from cardlint.licensing.kept import Papers
from cardlint.licensing.standard_texts import standard_text
from cardlint.licensing.upstream_terms import Terms, review
from cardlint.repository import Repository
from cardlint_licenses import License


def license_field(repo: Repository) -> Location:
    """The first value of the card's ``license``, or the top of the card, or of the repository."""
    declared = repo.licenses.declared
    if declared:
        return declared[0].location
    try:
        return repo.card.top()
    except Unavailable:
        return Location()


def need_files(repo: Repository) -> None:
    """Raise where only the card was given: that a file is not seen does not say it is missing.

    Raises:
        Unavailable: the rest of the repository is not here.
    """
    if repo.source.card_only:
        repo.source.entry("LICENSE")


def papers(repo: Repository) -> Papers:
    """The places where a notice may stand; their words are computed once a repository."""
    key = "licensing:papers"
    if key not in repo.known:
        need_files(repo)
        repo.known[key] = Papers(repo, repo.licenses)
    found: Papers = repo.known[key]
    return found


def bring_text(repo: Repository, license_: License, path: str) -> Fix | None:
    """A fix that adds a license's text, taken word for word from a parent or the standard text.

    ``None`` where the file is there already or the text cannot be had: a text is never made up.
    """
    if repo.has(path):
        return None
    found = text_for(repo, license_)
    if found is None:
        return None
    text, whence = found
    edit = Edit(path, 0, 0, text if text.endswith("\n") else text + "\n")
    return Fix(f"Add {path}: the {license_.name}, as in {whence}", (edit,), safe=True)


def text_for(repo: Repository, license_: License) -> tuple[str, str] | None:
    """A license's whole text and whence it is: a parent's own copy, else the standard text."""
    try:
        parents: Sequence[Terms] = review(repo).terms
    except Unavailable:
        parents = ()
    for terms in parents:
        for file, match in terms.repo.licenses.matches(license_.id):
            if match.whole and len(file.detection.matches) == 1:
                return file.text, f"{terms.parent}, {file.path}"
    text = standard_text(license_.id)
    return (text, "its standard text") if text else None
