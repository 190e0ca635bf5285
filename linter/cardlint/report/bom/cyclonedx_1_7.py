"""CycloneDX 1.7 with a model card, declarations with counter-evidence, citations and formulation.

The library writes components, licenses and dependencies; it knows no model card, declaration or
citation (11.12), so these are added to its output, and the whole is validated strictly. Shares of a
measured mixture are properties of the formulation (``cardlint:merge:alpha:…``), as the standard has no
field for them.
"""

from __future__ import annotations

import json
import uuid
import warnings
from collections.abc import Sequence
from typing import Any

from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    Property,
    XsUri,
)
from cyclonedx.model.bom import Bom as CycloneDx
from cyclonedx.model.component import Component, ComponentType, Pedigree
from cyclonedx.model.contact import OrganizationalEntity
from cyclonedx.model.license import DisjunctiveLicense, LicenseAcknowledgement, LicenseExpression
from cyclonedx.output.json import JsonV1Dot7
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from cardlint.errors import Malformed
from cardlint.report.bom.interface import Bom, Link, Model

SPACE = uuid.UUID("6d8e1b52-6c1c-5c9a-9a2e-0b4a7b1f3c55")
"""Name space of our serial numbers (RFC 9562, version 5)."""

STANDARD = {
    "bom-ref": "standard:cardlint",
    "name": "cardlint lineage",
    "version": "1",
    "requirements": [
        {
            "bom-ref": "requirement:lineage",
            "identifier": "declared-lineage",
            "title": "Declared base models agree with the weights",
        }
    ],
}
"""What the attestation refers to."""


def render(bom: Bom) -> str:
    """The document as JSON with sorted keys.

    Raises:
        Malformed: it does not validate against the schema of CycloneDX 1.7.
    """
    made = CycloneDx()
    made.serial_number = uuid.uuid5(SPACE, f"{bom.model.id}@{bom.model.version}@{bom.created}")
    made.metadata.timestamp = bom.created
    ancestors = {m.id: _component(m) for m in bom.ancestors}
    for id_, why in bom.unknown.items():
        ancestors[id_] = Component(
            name=id_,
            type=ComponentType.MACHINE_LEARNING_MODEL,
            bom_ref=f"model:{id_}",
            properties=[Property(name="cardlint:not-checked", value=why)],
        )
    root = _component(bom.model)
    direct = [x.parent for x in bom.links if x.child == bom.model.id and x.parent in ancestors]
    root.pedigree = Pedigree(ancestors=[_pointer(ancestors[p]) for p in dict.fromkeys(direct)])
    made.metadata.component = root
    for component in ancestors.values():
        made.components.add(component)
    known = {bom.model.id: root, **ancestors}
    for child, component in known.items():
        parents = [known[x.parent] for x in bom.links if x.child == child and x.parent in known]
        made.register_dependency(component, parents)
    with warnings.catch_warnings():
        # A model without a known parent has no dependency; the library takes that for an omission.
        warnings.simplefilter("ignore", UserWarning)
        data = json.loads(JsonV1Dot7(made).output_as_string())
    _extend(data, bom)
    text = json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if errors := JsonStrictValidator(SchemaVersion.V1_7).validate_str(text):
        raise Malformed(f"the CycloneDX document is not valid: {errors}")
    return text


def _component(model: Model) -> Component:
    component = Component(
        name=model.id.rpartition("/")[2],
        group=model.supplier,
        version=model.version,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=f"model:{model.id}",
        description=model.description or None,
        purl=_purl(model),
        supplier=OrganizationalEntity(name=model.supplier) if model.supplier else None,
    )
    # An expression may stand only alone; the declared license is the one that users look for.
    if model.declared != "NOASSERTION":
        component.licenses.add(_license(model.declared, LicenseAcknowledgement.DECLARED))
    elif model.concluded != "NOASSERTION":
        component.licenses.add(_license(model.concluded, LicenseAcknowledgement.CONCLUDED))
    component.properties.add(Property(name="cardlint:license:concluded", value=model.concluded))
    component.properties.add(
        Property(name="cardlint:license:concluded:because", value=model.concluded_because)
    )
    if model.location != "NOASSERTION":
        component.external_references.add(
            ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(model.location))
        )
    for file in model.files:
        hashes = [HashType(alg=HashAlgorithm.SHA_256, content=file.sha256)] if file.sha256 else []
        component.components.add(
            Component(
                name=file.path,
                type=ComponentType.FILE,
                bom_ref=f"file:{model.id}:{file.path}",
                hashes=hashes,
                properties=[Property(name="cardlint:size", value=str(file.size))],
            )
        )
    return component


def _pointer(component: Component) -> Component:
    """The same component as an ancestor: without the reference, which must be unique."""
    return Component(
        name=component.name,
        group=component.group,
        version=component.version,
        type=component.type,
        purl=component.purl,
    )


def _purl(model: Model) -> Any:
    if not model.purl:
        return None
    from packageurl import PackageURL

    return PackageURL.from_string(model.purl)


def _license(expression: str, how: LicenseAcknowledgement) -> Any:
    if " " in expression:
        return LicenseExpression(expression, acknowledgement=how)
    if expression.startswith("LicenseRef-"):
        return DisjunctiveLicense(name=expression, acknowledgement=how)
    return DisjunctiveLicense(id=expression, acknowledgement=how)


def _extend(data: dict[str, Any], bom: Bom) -> None:
    """Add what the library has no classes for."""
    data["metadata"]["tools"] = {
        "components": [
            {
                "type": "application",
                "name": "cardlint",
                "version": bom.tool.removeprefix("cardlint-"),
                "bom-ref": "tool:cardlint",
            }
        ]
    }
    data["metadata"]["component"]["modelCard"] = _model_card(bom.model)
    data["compositions"] = [
        {"aggregate": "incomplete", "assemblies": [f"model:{bom.model.id}"]},
    ]
    data["definitions"] = {"standards": [STANDARD]}
    data["declarations"] = _declarations(bom)
    citations = _citations(bom)
    if citations:
        data["citations"] = citations
    formula = _formula(bom)
    if formula:
        data["formulation"] = [formula]


def _model_card(model: Model) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    if model.task:
        parameters["task"] = model.task
    if model.architecture:
        parameters["modelArchitecture"] = model.architecture
    if model.datasets:
        parameters["datasets"] = [{"type": "dataset", "name": d} for d in model.datasets]
    card: dict[str, Any] = {"modelParameters": parameters}
    if model.energy_grams is not None:
        card["properties"] = [{"name": "cardlint:co2eq:grams", "value": str(model.energy_grams)}]
    return card


def _declarations(bom: Bom) -> dict[str, Any]:
    """One claim for each declared base; the weights are evidence or counter-evidence."""
    claims, evidence, maps = [], [], []
    shown = [x for x in bom.links if x.declared and x.child == bom.model.id]
    for number, link in enumerate(shown, 1):
        claim: dict[str, Any] = {
            "bom-ref": f"claim:{number}",
            "target": f"model:{bom.model.id}",
            "predicate": f"descends from {link.parent}",
            "reasoning": f"declared; relation {link.relation or 'not stated'}",
        }
        if link.measured:
            ref = f"evidence:{number}"
            evidence.append(_evidence(ref, bom, link.measured))
            claim["counterEvidence" if link.contradicts else "evidence"] = [ref]
        claims.append(claim)
        maps.append(_conformance(number, link))
    undeclared = [x for x in bom.links if not x.declared and x.child == bom.model.id]
    if shown:
        number = len(shown) + 1
        claim = {
            "bom-ref": f"claim:{number}",
            "target": f"model:{bom.model.id}",
            "predicate": "the declared base models are all of them",
            "reasoning": "implied by the card",
        }
        refs = []
        for index, link in enumerate(undeclared, number):
            ref = f"evidence:undeclared:{index}"
            evidence.append(_evidence(ref, bom, f"{link.parent}: {link.measured}"))
            refs.append(ref)
        if refs:
            claim["counterEvidence"] = refs
        claims.append(claim)
    said: dict[str, Any] = {
        "assessors": [
            {
                "bom-ref": "assessor:cardlint",
                "thirdParty": True,
                "organization": {"name": "cardlint"},
            }
        ],
        "claims": claims,
        "evidence": evidence,
    }
    if maps:
        said["attestations"] = [
            {
                "summary": "Declared lineage held against the weights",
                "assessor": "assessor:cardlint",
                "map": [{"requirement": "requirement:lineage", **m} for m in maps],
            }
        ]
    return said


def _conformance(number: int, link: Link) -> dict[str, Any]:
    if link.measured is None:
        return {
            "claims": [f"claim:{number}"],
            "conformance": {"rationale": "Not checked: the weights were not compared."},
        }
    score = 0 if link.contradicts else 1
    return {
        "claims": [f"claim:{number}"],
        "conformance": {"score": score, "rationale": link.measured},
    }


def _evidence(ref: str, bom: Bom, text: str) -> dict[str, Any]:
    return {
        "bom-ref": ref,
        "propertyName": "cardlint:weights",
        "description": text,
        "created": bom.created.isoformat(),
    }


def _citations(bom: Bom) -> list[dict[str, Any]]:
    """Who asserts the fields that are not ours: the card of the model."""
    pointers = ["/metadata/component/licenses", "/metadata/component/modelCard"]
    return [
        {
            "bom-ref": "citation:card",
            "timestamp": bom.created.isoformat(),
            "pointers": pointers,
            "attributedTo": "tool:cardlint",
            "note": f"Read from README.md of {bom.model.id} at {bom.model.version or 'no commit'}.",
        }
    ]


def _formula(bom: Bom) -> dict[str, Any] | None:
    """The measured mixture as an observed workflow."""
    shares: Sequence[Link] = [x for x in bom.links if x.share and x.child == bom.model.id]
    if not shares or not bom.method:
        return None
    root = f"model:{bom.model.id}"
    return {
        "bom-ref": "formula:merge",
        "workflows": [
            {
                "bom-ref": "workflow:merge",
                "uid": "merge",
                "name": f"{bom.method} (measured, not declared)",
                "description": bom.statement or "",
                "taskTypes": ["other"],
                "resourceReferences": [{"ref": root}],
                "inputs": [{"resource": {"ref": f"model:{x.parent}"}} for x in shares],
                "outputs": [{"resource": {"ref": root}, "type": "artifact"}],
                "properties": [
                    *(
                        {"name": f"cardlint:merge:alpha:{x.parent}", "value": f"{x.share[0]:.7f}"}
                        for x in shares
                        if x.share
                    ),
                    {"name": "cardlint:merge:confidence", "value": str(bom.confidence)},
                ],
            }
        ],
    }
