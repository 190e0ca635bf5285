"""``license/upstream-terms-dropped``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.errors import Unavailable
from cardlint.findings import Finding, Json, Severity
from cardlint.licensing import kept
from cardlint.licensing.upstream_terms import Review, Terms, by_license
from cardlint.repository import Repository
from cardlint_licenses import License, Reuse, Topic
from cardlint_licenses.judge import Ruling
from cardlint_rules.license import _at
from cardlint_rules.license._edges import EdgeRule, join


class UpstreamTermsDropped(EdgeRule):
    """Another license is declared than a permissive parent's, and the parent's conditions are not kept.

    ## What it checks
    A parent, or a parent's parent, is under a license that allows other terms for the publisher's
    own layer as long as its conditions are kept (Apache-2.0, MIT, BSD, OpenMDW and the like), and
    this card declares another license. Four things are looked for in the files and the card: the
    text of the parent's license, a statement that the weights or files were changed, the
    parent's copyright statements, and the content of the parent's NOTICE if it has one. The
    finding says which of them are missing. What the parent's license does not ask for is not
    asked for here.

    ## Why it matters
    A new license covers what the publisher added. Apache-2.0 (section 4, last paragraph) allows
    that for modifications or derivative works as a whole, "provided Your use … otherwise complies
    with the conditions stated in this License". The old conditions stay on the parent's part of
    the weights. Whether they were broken is for a person to decide; the files say what is there.

    ## Example
    `license: mit` over `base_model: Qwen/Qwen3.5-397B-A17B` (Apache-2.0), with no Apache text,
    no change notice and no NOTICE.

    ## How to fix
    `cardlint notice . --write` composes what can be had from the parents' repositories and
    lists the rest. Or declare the parent's license as your own.

    ## Sources
    - Apache License 2.0, 4(a) to 4(d) and the last paragraph of section 4
    - The sections of other licenses are in `cardlint_licenses`, each with its source and date
    """

    id = "license/upstream-terms-dropped"
    severity = Severity.WARNING

    def judge(self, repo: Repository, found: Review) -> Iterator[Finding]:
        mine = {x.id for x in repo.licenses.licenses}
        if not repo.licenses.declared:
            return
        for license_, terms in by_license(found.terms):
            if license_.id in mine or not _permissive(license_):
                continue
            said: set[str] = set()
            for sure in (True, False):
                allowing = [t for t in terms if t.verdict.ruling is Ruling.OK_IF and t.sure is sure]
                if allowing:
                    yield from self._one(repo, license_, allowing, said)

    def _one(
        self, repo: Repository, license_: License, terms: list[Terms], said: set[str]
    ) -> Iterator[Finding]:
        """One finding for the parents of one license; ``said`` is what an earlier one asked for."""
        missing, evidence = _missing(repo, license_, terms)
        for once in said & {"license-text", "change-notice"}:
            missing.pop(once, None)
        said |= set(missing)
        if not missing:
            return
        declared = ", ".join(d.text for d in repo.licenses.declared)
        parents = join([t.label for t in terms])
        adapter = all(t.reuse is Reuse.ADAPTER for t in terms)
        yield self.finding(
            f"The card declares {declared} over {parents}, which "
            f"{'is' if len(terms) == 1 else 'are'} under {license_.id}. {declared} can cover the "
            f"publisher's own layer; for the rest the {license_.name} asks for what is missing "
            f"here: {join(list(missing.values()))}.",
            _at.license_field(repo),
            next_step="Run `cardlint notice . --write`, or add what is missing by hand.",
            severity=Severity.INFO if adapter else None,
            confidence=terms[0].confidence,
            evidence={
                "declared": declared,
                "upstream": [t.parent for t in terms],
                "upstream_license": license_.id,
                "missing": list(missing),
                "sections": {k: _section(license_, k) for k in missing},
                "source": license_.source,
                "verified": license_.verified.isoformat(),
                **evidence,
            },
            related=[t.location for t in terms],
            fix=_at.bring_text(repo, license_, f"LICENSE-{license_.id}")
            if "license-text" in missing
            else None,
        )


_WHAT = {
    "license-text": (Topic.COPY, "its license text"),
    "change-notice": (Topic.STATE_CHANGES, "a notice that the weights or files were changed"),
    "retained-notices": (Topic.ATTRIBUTION, "its copyright statements"),
    "notice-file": (Topic.NOTICE_FILE, "the content of its NOTICE"),
}


def _permissive(license_: License) -> bool:
    """Whether the license lets derivatives go under other terms, its own conditions kept."""
    return license_.kind in {"permissive", "attribution"}


def _section(license_: License, what: str) -> str:
    return ", ".join(c.section for c in license_.on(_WHAT[what][0]))


def _missing(
    repo: Repository, license_: License, terms: list[Terms]
) -> tuple[dict[str, str], dict[str, Json]]:
    """What is missing, with its section; and the figures behind it."""
    papers = _at.papers(repo)
    missing: dict[str, str] = {}
    evidence: dict[str, Json] = {}

    def lacks(what: str) -> None:
        missing[what] = f"{_WHAT[what][1]} ({_section(license_, what)})"

    def asked(what: str) -> bool:
        return any(license_.on(_WHAT[what][0], t.reuse) for t in terms)

    copy = papers.copy_of(license_)
    linked = license_.id.startswith("cc-") and papers.linked(license_)
    if asked("license-text") and copy.state in {"absent", "header"} and not linked:
        lacks("license-text")
        evidence["license_text"] = copy.state
    if asked("change-notice"):
        names = [n for t in terms for p in t.path for n in kept.names_of(p)]
        if papers.change_notice(names) is None:
            lacks("change-notice")
    lost: list[Json] = []
    notices: list[Json] = []
    for one in terms:
        try:
            theirs = one.repo.licenses
        except Unavailable:
            continue
        lost += kept.lost_copyrights(theirs, papers)
        for file in kept.notices(theirs):
            gone = kept.lost_lines(file, papers)
            if gone:
                notices.append({"of": one.parent, "path": file.path, "lines": list(gone)})
    if lost and asked("retained-notices"):
        lacks("retained-notices")
        evidence["copyright_statements"] = lost
    if notices and asked("notice-file"):
        lacks("notice-file")
        evidence["notice"] = notices
    return missing, evidence
