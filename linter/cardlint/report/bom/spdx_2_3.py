"""SPDX 2.3 as JSON, through spdx-tools, validated by it before it is written.

The model and each ancestor are packages (the standard knows no model; the purpose is OTHER), an
edge is DESCENDANT_OF, and a license that is not in the SPDX list is a LicenseRef with its text as
it was found. Every conclusion carries its reason as a comment; what was not checked is an
annotation (SPDX 2.3, clauses 7, 8, 10, 11 and 12).
"""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from typing import TYPE_CHECKING, Any

from cardlint.errors import Malformed
from cardlint.report.bom.interface import Bom, Link, Model

if TYPE_CHECKING:
    from spdx_tools.spdx.model.document import Document

_NAMESPACE = "https://spdx.org/spdxdocs/cardlint"
_UNSAFE = re.compile(r"[^a-zA-Z0-9.-]+")
_REF = re.compile(r"LicenseRef-[a-zA-Z0-9.-]+")


def render(bom: Bom) -> str:
    """The document as JSON with sorted keys.

    Raises:
        Malformed: spdx-tools finds it invalid; the message says why.
    """
    with warnings.catch_warnings():
        # spdx-tools and what it imports warn of their own use of old interfaces.
        warnings.simplefilter("ignore")
        return _render(bom)


def _render(bom: Bom) -> str:
    from spdx_tools.spdx.jsonschema.document_converter import DocumentConverter
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    document = _document(bom)
    problems = validate_full_spdx_document(document)
    if problems:
        said = "; ".join(dict.fromkeys(p.validation_message for p in problems[:5]))
        raise Malformed(f"the SPDX document is not valid: {said}")
    converter: Any = DocumentConverter  # its constructor has no types
    data: dict[str, Any] = converter().convert(document)
    return json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _document(bom: Bom) -> Document:
    from spdx_tools.spdx.model.actor import Actor, ActorType
    from spdx_tools.spdx.model.annotation import Annotation, AnnotationType
    from spdx_tools.spdx.model.document import CreationInfo, Document
    from spdx_tools.spdx.model.relationship import Relationship, RelationshipType

    texts = _Texts(bom)
    root = _id("model", bom.model.id)
    packages = [_package(bom.model, root, texts, files=True)]
    files = [_file(bom.model, f.path, f.sha1, f.sha256, f.size) for f in bom.model.files if f.sha1]
    describes = RelationshipType.DESCRIBES
    relationships = [Relationship("SPDXRef-DOCUMENT", describes, root)]
    # A package may contain files only with a verification code over the SHA-1 of all of them, which
    # nobody computes for weights: the document describes them beside it.
    relationships += [Relationship("SPDXRef-DOCUMENT", describes, f.spdx_id) for f in files]
    packages += [_package(a, _id("model", a.id), texts) for a in bom.ancestors]
    packages += [_absent(id_, why) for id_, why in bom.unknown.items()]
    known = {p.spdx_id for p in packages}
    for link in bom.links:
        child, parent = _id("model", link.child), _id("model", link.parent)
        if child in known and parent in known and child != parent:
            kind = RelationshipType.DESCENDANT_OF
            relationships.append(Relationship(child, kind, parent, _comment(link)))
    tool = Actor(ActorType.TOOL, bom.tool)
    notes = [bom.statement, *(f"Not checked: {why}" for why in bom.not_checked)]
    return Document(
        CreationInfo(
            spdx_version="SPDX-2.3",
            spdx_id="SPDXRef-DOCUMENT",
            name=f"Bill of materials of {bom.model.id}",
            document_namespace=f"{_NAMESPACE}/{_digest(bom)}",
            creators=[tool],
            created=bom.created.replace(microsecond=0, tzinfo=None),
            document_comment="Composed from the files of the repository; not legal advice.",
        ),
        packages=packages,
        files=files,
        relationships=relationships,
        annotations=[
            Annotation(root, AnnotationType.OTHER, tool, bom.created.replace(tzinfo=None), note)
            for note in notes
            if note
        ],
        extracted_licensing_info=texts.extracted(),
    )


class _Texts:
    """License expressions, and the extracted texts that they need."""

    def __init__(self, bom: Bom) -> None:
        self.bom = bom
        self.used: dict[str, str] = {}

    def expression(self, text: str) -> Any:
        """An expression in the library's words; ids that it does not know become LicenseRefs."""
        from license_expression import get_spdx_licensing
        from spdx_tools.spdx.model.spdx_no_assertion import SpdxNoAssertion

        if text == "NOASSERTION":
            return SpdxNoAssertion()
        licensing = get_spdx_licensing()
        known = licensing.known_symbols
        parts = []
        for part in text.split(" AND "):
            ref = part if part in known or _REF.fullmatch(part) else f"LicenseRef-{_clean(part)}"
            if ref.startswith("LicenseRef-"):
                self.used[ref] = self.bom.licenses.get(part, part)
            parts.append(ref)
        return licensing.parse(" AND ".join(parts))

    def extracted(self) -> list[Any]:
        """The extracted license texts, in order of id."""
        from spdx_tools.spdx.model.extracted_licensing_info import ExtractedLicensingInfo

        return [
            ExtractedLicensingInfo(
                license_id=ref,
                license_name=name,
                extracted_text=self.bom.texts.get(ref)
                or f"The text of the {name} was not found in the repositories that were read.",
            )
            for ref, name in sorted(self.used.items())
        ]


def _package(model: Model, id_: str, texts: _Texts, *, files: bool = False) -> Any:
    from spdx_tools.spdx.model.actor import Actor, ActorType
    from spdx_tools.spdx.model.package import (
        ExternalPackageRef,
        ExternalPackageRefCategory,
        Package,
        PackagePurpose,
    )
    from spdx_tools.spdx.model.spdx_no_assertion import SpdxNoAssertion

    supplier = Actor(ActorType.ORGANIZATION, model.supplier) if model.supplier else None
    reference = ExternalPackageRefCategory.PACKAGE_MANAGER
    large = [f for f in model.files if f.sha256 and not f.sha1] if files else []
    listed = "; ".join(f"{f.path} sha256:{f.sha256}" for f in large)
    return Package(
        spdx_id=id_,
        name=model.id,
        version=model.version,
        supplier=supplier,
        download_location=SpdxNoAssertion() if model.location == "NOASSERTION" else model.location,
        files_analyzed=False,
        license_declared=texts.expression(model.declared),
        license_concluded=texts.expression(model.concluded),
        license_comment=f"Concluded from {model.concluded_because}."
        if model.concluded != "NOASSERTION"
        else f"{model.concluded_because[:1].upper()}{model.concluded_because[1:]}.",
        description=model.description or None,
        comment=f"Large files: {listed}" if listed else None,
        primary_package_purpose=PackagePurpose.OTHER,
        release_date=model.released.replace(tzinfo=None, microsecond=0) if model.released else None,
        external_references=[ExternalPackageRef(reference, "purl", model.purl)]
        if model.purl
        else [],
    )


def _absent(id_: str, why: str) -> Any:
    """An ancestor that could not be opened: named, and nothing asserted."""
    from spdx_tools.spdx.model.package import Package, PackagePurpose
    from spdx_tools.spdx.model.spdx_no_assertion import SpdxNoAssertion

    return Package(
        spdx_id=_id("model", id_),
        name=id_,
        download_location=SpdxNoAssertion(),
        files_analyzed=False,
        license_declared=SpdxNoAssertion(),
        license_concluded=SpdxNoAssertion(),
        license_comment=f"Not checked: {why}",
        primary_package_purpose=PackagePurpose.OTHER,
    )


def _file(model: Model, path: str, sha1: str | None, sha256: str | None, size: int) -> Any:
    from spdx_tools.spdx.model.checksum import Checksum, ChecksumAlgorithm
    from spdx_tools.spdx.model.file import File

    sums = [(ChecksumAlgorithm.SHA1, sha1), (ChecksumAlgorithm.SHA256, sha256)]
    return File(
        name=f"./{path}",
        spdx_id=_id("file", f"{model.id}/{path}"),
        checksums=[Checksum(algorithm, value) for algorithm, value in sums if value],
        comment=f"{size} bytes",
    )


def _comment(link: Link) -> str:
    said = "declared" if link.declared else "measured in the weights, not declared"
    parts = [f"{link.relation or 'relation not stated'} ({said})", link.measured]
    return "; ".join(p for p in parts if p)


def _id(kind: str, name: str) -> str:
    """An SPDX id that no other name shares."""
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"SPDXRef-{kind}-{_clean(name)[-80:]}-{digest}"


def _clean(text: str) -> str:
    return _UNSAFE.sub("-", text).strip("-")


def _digest(bom: Bom) -> str:
    """The same repository at the same commit by the same version has one name space."""
    parts = [bom.model.id, str(bom.model.version), bom.tool, bom.created.isoformat()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
