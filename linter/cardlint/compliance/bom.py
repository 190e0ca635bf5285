"""From a repository to the facts of its bill of materials."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from cardlint.compliance.document import now
from cardlint.compliance.lineage_table import measured, strongest
from cardlint.errors import Unavailable
from cardlint.report.bom.interface import Bom, BomFile, Link, Model
from cardlint.repository import Repository
from cardlint.source.interface import Entry, Range

if TYPE_CHECKING:
    from cardlint_licenses import License

HASHED = 1 << 20
"""Bytes of a file that is read to hash it; larger ones are hashed only where git-LFS says how."""
READ = 64
"""Files that are read to hash them."""
NOASSERTION = "NOASSERTION"


def gather(repo: Repository) -> Bom:
    """Gather what a bill of materials says.

    Raises:
        Unavailable: the repository's own files cannot be read.
    """
    from cardlint.licensing.upstream_terms import review

    refs: dict[str, str] = {}
    ancestors, unknown = [], {}
    for id_, opened in repo.upstream.repositories.items():
        if isinstance(opened, Unavailable):
            unknown[id_] = opened.message
        else:
            ancestors.append(_model(id_, opened, refs, inherited=(), open_ends=()))
    links = tuple(_links(repo))
    for link in links:
        if not link.declared and link.parent not in {*unknown, *(a.id for a in ancestors)}:
            try:
                found = Repository(repo.resolver.upstream(link.parent), repo.resolver, repo.options)
                ancestors.append(_model(link.parent, found, refs, inherited=(), open_ends=()))
            except Unavailable as reason:
                unknown[link.parent] = reason.message
    terms = review(repo)
    inherited = [x for t in terms.terms for x in t.licenses]
    root = _model(
        repo.id or repo.source.identity.location,
        repo,
        refs,
        inherited=inherited,
        open_ends=[g.why for g in terms.gaps],
        files=True,
    )
    comparison = strongest(repo)
    verdict = comparison.verdict if comparison else None
    return Bom(
        model=root,
        ancestors=tuple(ancestors),
        unknown=unknown,
        links=links,
        licenses=refs,
        created=now(),
        tool=f"cardlint-{version('cardlint')}",
        method=verdict.method if verdict else None,
        statement=verdict.statement if verdict else None,
        confidence=verdict.confidence.value if verdict else None,
        parameters=dict(verdict.parameters) if verdict else {},
        not_checked=tuple(g.why for g in terms.gaps),
        texts=_license_texts([repo, *(t.repo for t in terms.terms)]),
    )


def _license_texts(repos: Iterable[Repository]) -> dict[str, str]:
    """The texts of licenses outside the SPDX list, from the first repository that holds each."""
    found: dict[str, str] = {}
    for repo in repos:
        with suppress(Unavailable):
            for file in repo.licenses.files:
                for match in file.detection.matches:
                    if match.whole and match.spdx.startswith("LicenseRef-"):
                        found.setdefault(match.spdx, file.text[match.start : match.end])
    return found


def _model(
    id_: str,
    repo: Repository,
    refs: dict[str, str],
    *,
    inherited: Iterable[License],
    open_ends: Iterable[str],
    files: bool = False,
) -> Model:
    who = repo.source.identity
    declared = _declared(repo, refs)
    concluded, because = _concluded(repo, refs, inherited, list(open_ends))
    return Model(
        id=id_,
        version=who.commit,
        supplier=id_.partition("/")[0] if "/" in id_ else None,
        location=f"https://huggingface.co/{id_}" if "/" in id_ and repo.id else NOASSERTION,
        declared=declared,
        concluded=concluded,
        concluded_because=because,
        released=_released(repo),
        description=_title(repo),
        task=_text(repo, "pipeline_tag"),
        languages=_texts(repo, "language"),
        datasets=_texts(repo, "datasets"),
        architecture=_architecture(repo),
        energy_grams=_energy(repo),
        files=tuple(_files(repo)) if files else (),
    )


def _declared(repo: Repository, refs: dict[str, str]) -> str:
    try:
        found = repo.licenses
    except Unavailable:
        return NOASSERTION
    return expression(found.licenses, refs) if found.understood else NOASSERTION


def _concluded(
    repo: Repository, refs: dict[str, str], inherited: Iterable[License], open_ends: list[str]
) -> tuple[str, str]:
    """The licenses of the model and of all its ancestors together, or why none is concluded."""
    if open_ends:
        return NOASSERTION, "not concluded, because " + "; ".join(open_ends)
    try:
        own = repo.licenses.governing()
    except Unavailable as reason:
        return NOASSERTION, f"not concluded, because {reason.message}"
    if not own:
        return NOASSERTION, "not concluded, because no license is declared and no text is known"
    both = list(dict.fromkeys([*own, *inherited]))
    because = "its own license" + (" and those of its ancestors" if len(both) > len(own) else "")
    return expression(both, refs), because


def expression(licenses: Iterable[License], refs: dict[str, str]) -> str:
    """An SPDX expression over all of them; names outside the SPDX list become LicenseRefs."""
    parts = []
    for license_ in licenses:
        if license_.spdx == NOASSERTION:
            return NOASSERTION
        if license_.spdx.startswith("LicenseRef-"):
            refs[license_.spdx] = license_.name
        parts.append(license_.spdx)
    return " AND ".join(dict.fromkeys(parts)) or NOASSERTION


def _links(repo: Repository) -> Iterable[Link]:
    comparison = strongest(repo)
    root = repo.id or repo.source.identity.location
    shares = comparison.verdict.coefficients if comparison else {}
    kinds = {r.parent: r.kind for r in comparison.relations} if comparison else {}
    lines = measured(repo)
    seen = set()
    for edge in repo.upstream.edges:
        if (edge.child, edge.parent) in seen:
            continue
        seen.add((edge.child, edge.parent))
        here = edge.child == root
        share = shares.get(edge.parent) if here else None
        kind = kinds.get(edge.parent) if here else None
        yield Link(
            edge.child,
            edge.parent,
            edge.relation,
            declared=True,
            measured=lines.get(edge.parent) if here else None,
            contradicts=kind is not None and kind.value in {"unrelated", "shared-init"},
            share=(share.value, share.low, share.high) if share else None,
        )
    for parent, share in shares.items():
        if (root, parent) not in seen and share.high > 0:
            yield Link(
                root,
                parent,
                comparison.verdict.kind.value if comparison else None,
                declared=False,
                measured=lines.get(parent),
                share=(share.value, share.low, share.high),
            )


def _files(repo: Repository) -> Iterable[BomFile]:
    budget = READ
    for entry in repo.files.values():
        sha1 = sha256 = None
        if entry.present and entry.size <= HASHED and budget > 0:
            budget -= 1
            with suppress(Unavailable):
                data = _bytes(repo, entry)
                sha1 = hashlib.sha1(data, usedforsecurity=False).hexdigest()
                sha256 = hashlib.sha256(data).hexdigest()
        yield BomFile(entry.path, entry.size, entry.sha256 or sha256, sha1)


def _bytes(repo: Repository, entry: Entry) -> bytes:
    return repo.source.read_ranges([Range(entry.path, 0, entry.size)])[0]


def _released(repo: Repository) -> Any:
    with suppress(Unavailable):
        for state in repo.history.states:
            if state.weights:
                return state.commit.date
    return None


def _title(repo: Repository) -> str:
    with suppress(Unavailable):
        for line in repo.card.body.splitlines():
            if line.startswith("# "):
                return line[2:].strip()[:200]
    return ""


def _text(repo: Repository, field: str) -> str | None:
    values = _texts(repo, field)
    return values[0] if values else None


def _texts(repo: Repository, field: str) -> tuple[str, ...]:
    with suppress(Unavailable):
        matter = repo.card.front_matter
        if matter:
            return tuple(v.text for v in matter.strings(field))
    return ()


def _architecture(repo: Repository) -> str | None:
    with suppress(Unavailable):
        names = repo.json("config.json").get("architectures")
        if isinstance(names, list) and names:
            return str(names[0])
    return None


def _energy(repo: Repository) -> float | None:
    with suppress(Unavailable):
        matter = repo.card.front_matter
        value = matter.get("co2_eq_emissions") if matter else None
        if value is not None and value.fields:
            value = value.get("emissions")
        if (
            value is not None
            and isinstance(value.data, int | float)
            and not isinstance(value.data, bool)
        ):
            return float(value.data)
    return None
