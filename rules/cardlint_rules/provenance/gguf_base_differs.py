"""``provenance/gguf-base-differs``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.errors import Unavailable
from cardlint.findings import Confidence, Finding, NotChecked, Severity
from cardlint.lineage import names
from cardlint.lineage.declared import Origin
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.provenance import _bases


class GgufBaseDiffers(Rule):
    """A GGUF file names other parents than the card.

    ## What it checks
    `general.base_model.*` and `general.source.*` in the metadata of a GGUF file: one of them is
    among `base_model` of the card, or among the parents that those declare. (Converters copy the
    base of the model that they convert, so a grandparent is usual.) Where the declared parents
    cannot be opened, that part is not checked.

    ## Why it matters
    The metadata were copied by a program from the model that was converted. If they name a family
    that the card does not, one of the two is wrong.

    ## Example
    `base_model: org/a` in the card, `general.base_model.0.repo_url = https://huggingface.co/org/b`
    in the file, and `org/a` does not come from `org/b`.

    ## How to fix
    Declare the model that was converted; or convert again with the right metadata.

    ## Sources
    - ggml, `docs/gguf.md`, "Source metadata"
    """

    id = "provenance/gguf-base-differs"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    needs = frozenset({Fact.CARD, Fact.LINEAGE})
    frameworks = ("g7-sbom-ai:bases",)

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        found = [d for d in repo.lineage.declarations if d.origin is Origin.GGUF]
        if not found:
            return
        listed = _bases.declared(repo.card)
        known = (*listed, *((repo.id,) if repo.id else ()))
        if any(names.among(d.parent, known) for d in found):
            return
        upstream = repo.upstream
        declared = {e.parent for e in upstream.edges if e.origin is Origin.FRONT_MATTER}
        if any(names.among(d.parent, declared) for d in found):
            return
        closed = [
            p
            for p in listed
            if isinstance(upstream.repositories.get(p, Unavailable("")), Unavailable)
        ]
        if closed:
            yield NotChecked(
                "GGUF metadata",
                f"{found[0].location.path} names {found[0].parent}; whether {closed[0]} comes from it is not known, "
                "because it could not be opened",
            )
            return
        said = found[0]
        yield self.finding(
            f"{said.location.path} names {said.parent}; base_model lists {_bases.list_them(listed)}.",
            said.location,
            next_step="Declare the model that was converted.",
            evidence={"gguf": [d.parent for d in found], "declared": list(listed)},
        )
