"""SPDX 3.0.1 as JSON-LD, with the AI and Build profiles (spdx.github.io/spdx-spec/v3.0.1).

Base models are named twice: ``descendantOf`` says what they are, and a parallel ``dependsOn`` in the
scope ``build`` lets tools find them that follow dependencies only. A measured mixture is a Build whose
parameters hold the shares. What the weights say for or against a declared base is an Annotation on
its relationship. The AI profile is claimed only where :func:`gaps` finds nothing missing: the official
schema and SHACL shapes do not look for it.
"""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

from spdx_python_model import v3_0_1 as spdx

from cardlint.errors import Malformed
from cardlint.report.bom.interface import Bom, BomFile, Link, Model

NAMESPACE = "https://spdx.org/spdxdocs/cardlint/"
BUILD_TYPE = "https://github.com/cardlint/cardlint/merge"
NO_ASSERTION = "https://spdx.org/rdf/3.0.1/terms/Licensing/NoAssertion"
HUGGING_FACE = "https://huggingface.co/"


def render(bom: Bom) -> str:
    """The document as JSON-LD with sorted keys.

    Raises:
        Malformed: the library refuses what would be written.
    """
    try:
        objects = _Document(bom).build()
        buffer = io.BytesIO()
        spdx.JSONLDSerializer().write(objects, buffer)
        data = json.loads(buffer.getvalue())
    except (ValueError, TypeError, AttributeError) as error:
        raise Malformed(f"the SPDX 3.0.1 document is not valid: {error}") from error
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def gaps(model: Model) -> list[str]:
    """What the AI profile requires of an AIPackage and this model does not have.

    Source: model/AI/Classes/AIPackage.md ("External properties restrictions") and model/AI/AI.md
    ("Profile conformance") of SPDX 3.0.1.
    """
    missing = {
        "releaseTime": model.released,
        "suppliedBy": model.supplier,
        "software_downloadLocation": model.location if model.location != "NOASSERTION" else None,
        "software_packageVersion": model.version,
    }
    return [name for name, value in missing.items() if not value]


class _Document:
    """One document under construction."""

    def __init__(self, bom: Bom) -> None:
        self.bom = bom
        key = hashlib.sha256(
            f"{bom.model.id}@{bom.model.version}@{bom.created}".encode()
        ).hexdigest()
        self.base = f"{NAMESPACE}{key[:32]}#"
        self.objects = spdx.SHACLObjectSet()
        self.count = 0
        self.packages: dict[str, Any] = {}
        self.agents: dict[str, Any] = {}

    def build(self) -> Any:
        bom = self.bom
        tool = spdx.Tool(_id=self.id("tool"), name=bom.tool)
        author = spdx.SoftwareAgent(_id=self.id("agent"), name="cardlint")
        self.info = spdx.CreationInfo(
            specVersion="3.0.1", created=bom.created, createdBy=[author], createdUsing=[tool]
        )
        for thing in (tool, author):
            thing.creationInfo = self.info
            self.objects.add(thing)
        for model in (bom.model, *bom.ancestors):
            self.package(model)
        for id_, why in bom.unknown.items():
            self.unknown(id_, why)
        for link in bom.links:
            self.link(link)
        self.merge()
        for file in bom.model.files:
            self.file(file)
        root = self.packages[bom.model.id]
        profiles = ["core", "software", "simpleLicensing", "build"]
        if not any(gaps(m) for m in (bom.model, *bom.ancestors)) and not bom.unknown:
            profiles += ["ai"]
        members = [o for o in self.objects.objects if isinstance(o, spdx.Element)]
        members.sort(key=lambda o: str(o.get_id()))  # the set has no order; the file has one
        sbom = self.add(
            spdx.software_Sbom,
            "sbom",
            rootElement=[root],
            element=members,
            software_sbomType=[spdx.software_SbomType.analyzed],
        )
        self.add(
            spdx.SpdxDocument,
            "document",
            name=f"Bill of materials of {bom.model.id}",
            rootElement=[sbom],
            element=[*members, sbom],
            profileConformance=[getattr(spdx.ProfileIdentifierType, p) for p in profiles],
        )
        return self.objects

    def id(self, name: str) -> str:
        return self.base + name

    def add(self, kind: Any, id_: str, /, **values: Any) -> Any:
        thing = kind(_id=self.id(id_), creationInfo=self.info, **values)
        self.objects.add(thing)
        return thing

    def number(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}-{self.count}"

    def relate(self, start: Any, kind: str, to: list[Any], **values: Any) -> Any:
        return self.add(
            values.pop("of", spdx.Relationship),
            self.number("relationship"),
            from_=start,
            to=to,
            relationshipType=getattr(spdx.RelationshipType, kind),
            **values,
        )

    def supplier(self, name: str) -> Any:
        if name not in self.agents:
            self.agents[name] = self.add(
                spdx.Organization, f"organization-{len(self.agents) + 1}", name=name
            )
        return self.agents[name]

    def package(self, model: Model) -> None:
        values: dict[str, Any] = {
            "name": model.id,
            "software_primaryPurpose": spdx.software_SoftwarePurpose.model,
        }
        if model.supplier:
            values["suppliedBy"] = self.supplier(model.supplier)
        if model.location != "NOASSERTION":
            values["software_downloadLocation"] = model.location
        if model.version:
            values["software_packageVersion"] = model.version
        if model.released:
            values["releaseTime"] = model.released
        if model.purl:
            values["software_packageUrl"] = model.purl
        if model.description:
            values["description"] = model.description
        if model.task:
            values["ai_domain"] = [model.task]
        if model.architecture:
            values["ai_typeOfModel"] = [model.architecture]
        package = self.add(spdx.ai_AIPackage, f"model-{len(self.packages) + 1}", **values)
        self.packages[model.id] = package
        self.license(package, "hasDeclaredLicense", model.declared, None)
        self.license(package, "hasConcludedLicense", model.concluded, model.concluded_because)
        for name in model.datasets:
            dataset = self.add(
                spdx.dataset_DatasetPackage,
                self.number("dataset"),
                name=name,
                software_primaryPurpose=spdx.software_SoftwarePurpose.data,
                dataset_datasetType=[spdx.dataset_DatasetType.noAssertion],
            )
            self.relate(package, "trainedOn", [dataset], comment="As declared in the card.")

    def unknown(self, id_: str, why: str) -> None:
        """An ancestor of which nothing but the name is known."""
        self.packages[id_] = self.add(
            spdx.ai_AIPackage,
            f"model-{len(self.packages) + 1}",
            name=id_,
            software_primaryPurpose=spdx.software_SoftwarePurpose.model,
            software_downloadLocation=f"{HUGGING_FACE}{id_}",
            comment=f"Not looked at, because {why}",
        )

    def license(self, package: Any, kind: str, expression: str, because: str | None) -> None:
        if expression == "NOASSERTION":
            target: Any = NO_ASSERTION
        else:
            target = self.add(
                spdx.simplelicensing_LicenseExpression,
                self.number("license"),
                simplelicensing_licenseExpression=expression,
                simplelicensing_customIdToUri=[
                    self.entry(ref, self.id(ref)) for ref in self.bom.licenses if ref in expression
                ],
            )
        values = {"comment": because} if because else {}
        self.relate(package, kind, [target], **values)

    def entry(self, key: str, value: str) -> Any:
        return spdx.DictionaryEntry(key=key, value=value)

    def link(self, link: Link) -> None:
        child, parent = self.packages.get(link.child), self.packages.get(link.parent)
        if child is None:
            return
        if parent is None:  # measured, and no declaration led there
            self.unknown(link.parent, "it is not declared; the weights name it")
            parent = self.packages[link.parent]
        how = f"Relation: {link.relation or 'not stated'}. " + (
            "Declared." if link.declared else "Not declared; measured in the weights."
        )
        relation = self.relate(child, "descendantOf", [parent], comment=how)
        self.relate(
            child,
            "dependsOn",
            [parent],
            of=spdx.LifecycleScopedRelationship,
            scope=spdx.LifecycleScopeType.build,
        )
        if link.measured:
            word = "speaks against" if link.contradicts else "agrees with"
            self.add(
                spdx.Annotation,
                self.number("annotation"),
                annotationType=spdx.AnnotationType.review,
                subject=relation,
                statement=f"The evidence of the weights {word} this relationship: {link.measured}",
            )

    def merge(self) -> None:
        """A measured mixture as a Build: parents in, model out, shares as parameters."""
        shares = [x for x in self.bom.links if x.share and x.child == self.bom.model.id]
        if not shares or not self.bom.method:
            return
        build = self.add(
            spdx.build_Build,
            "build",
            build_buildType=BUILD_TYPE,
            comment=f"Measured, not declared: {self.bom.statement}",
            build_parameter=[
                self.entry("method", self.bom.method),
                self.entry("confidence", str(self.bom.confidence)),
                *(self.entry(f"weight:{x.parent}", f"{x.share[0]:.7f}") for x in shares if x.share),
            ],
        )
        self.relate(build, "hasInput", [self.packages[x.parent] for x in shares])
        self.relate(build, "hasOutput", [self.packages[self.bom.model.id]])

    def file(self, file: BomFile) -> None:
        values: dict[str, Any] = {"name": file.path}
        if file.sha256:
            values["verifiedUsing"] = [
                spdx.Hash(algorithm=spdx.HashAlgorithm.sha256, hashValue=file.sha256)
            ]
        made = self.add(spdx.software_File, self.number("file"), **values)
        self.relate(self.packages[self.bom.model.id], "contains", [made])
