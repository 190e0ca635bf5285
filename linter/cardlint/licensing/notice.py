"""Composes what a derivative owes its ancestors: NOTICE, license copies, a paragraph in the card.

Everything comes from the resolved lineage: texts are copied from the ancestors' own files, never
made up, and what cannot be had is listed as still to do. What is composed stands between two
markers, so that the user's own words stay and writing twice changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardlint.errors import NotFound, Unavailable
from cardlint.licensing import kept
from cardlint.licensing.files import Role, decode
from cardlint.licensing.standard_texts import standard_text
from cardlint.licensing.upstream_terms import Review, Terms, by_license, review
from cardlint_licenses import Condition, License, Reuse, Topic
from cardlint_licenses.judge import Ruling

if TYPE_CHECKING:
    from cardlint.repository import Repository

NOTICE = "NOTICE"
THIRD_PARTY = "THIRD_PARTY_LICENSES"
CARD = "README.md"

_BEGIN = "==== Composed by cardlint notice; your own words stay above or below this part ===="
_END = "==== End of the part composed by cardlint notice ===="
_CARD_BEGIN = "<!-- cardlint notice: begin -->"
_CARD_END = "<!-- cardlint notice: end -->"
_RULE = "-" * 72
_WEIGHTS = re.compile(r"\.(?:safetensors|bin|pt|pth|gguf|onnx|msgpack|h5)$")
_SHOWN = 8
"""File names that are listed before they are counted."""
_DID = {
    Reuse.FINETUNE: "fine-tuned from",
    Reuse.MERGE: "merged from",
    Reuse.QUANTIZED: "quantized from",
    Reuse.ADAPTER: "an adapter trained on",
}


@dataclass(frozen=True, slots=True)
class Composed:
    """The files as they would be, and what a person still has to do."""

    files: dict[str, str]
    """Path → whole new text; only files that change or are new."""
    unchanged: tuple[str, ...]
    """Files that are already as they should be."""
    to_do: tuple[str, ...]
    """One sentence each."""


def compose(repo: Repository) -> Composed:
    """Compose the notices of a repository.

    Raises:
        Unavailable: the repository's own files or lineage cannot be read.
    """
    found = review(repo)
    terms = [t for t in found.terms if t.reuse is not Reuse.OUTPUTS]
    to_do = [f"{gap.what}: {gap.why}" for gap in found.gaps]
    texts, lacking = _texts(repo, terms)
    wanted = {
        NOTICE: "\n\n".join(_notice(repo, terms)),
        THIRD_PARTY: f"\n\n{_RULE}\n\n".join(texts),
    }
    files: dict[str, str] = {}
    same: list[str] = []
    for path, content in wanted.items():
        before = _read(repo, path)
        after = _put(before or "", content, _BEGIN, _END)
        if content and after != before:
            files[path] = after
        elif content:
            same.append(path)
    card = _read(repo, CARD)
    if card is None:
        to_do.append("There is no README.md to put the attribution paragraph into.")
    elif terms:
        after = _put(card, _paragraph(terms), _CARD_BEGIN, _CARD_END)
        if after != card:
            files[CARD] = after
        else:
            same.append(CARD)
    to_do += lacking
    to_do += _for_a_person(repo, found)
    return Composed(files, tuple(same), tuple(dict.fromkeys(to_do)))


def _read(repo: Repository, path: str) -> str | None:
    try:
        return decode(repo.source.read_bytes(path))
    except NotFound:
        return None


def _put(before: str, content: str, begin: str, end: str) -> str:
    """Put the composed part into a file: in place of the earlier one, else at the end."""
    if not content:
        return before
    part = f"{begin}\n\n{content}\n\n{end}\n"
    first = before.find(begin)
    last = before.find(end, first)
    if first >= 0 and last >= 0:
        return before[:first] + part + before[last + len(end) :].removeprefix("\n")
    if not before.strip():
        return part
    return before.rstrip("\n") + "\n\n" + part


def _notice(repo: Repository, terms: Sequence[Terms]) -> Iterator[str]:
    """The paragraphs of NOTICE: one for each ancestor, nearest first."""
    for one in terms:
        lines = [f"{one.parent}, under {' and '.join(x.name for x in one.licenses)}:"]
        change = _change(repo, one)
        if change:
            lines += ["", change]
        sentences = list(dict.fromkeys(_required(one, Topic.SENTENCE)))
        lines += [part for sentence in sentences for part in ("", sentence)]
        carried: set[str] = set()
        for file in kept.notices(one.repo.licenses):
            body = file.text.strip("\n")
            lines += ["", f"From {one.parent}, {file.path}:", "", body]
            carried.update(" ".join(line.split()) for line in body.splitlines())
        statements = [s for s in kept.copyright_lines(one.repo.licenses) if s not in carried]
        if statements:
            lines += ["", f"Copyright statements of {one.parent}:", "", *statements]
        yield "\n".join(lines)


def _change(repo: Repository, one: Terms) -> str | None:
    """The statement of changes, where a license asks for one."""
    if not any(x.on(Topic.STATE_CHANGES, one.reuse) for x in one.licenses):
        return None
    names = sorted(p for p in repo.files if _WEIGHTS.search(p))
    shown = ", ".join(names[:_SHOWN])
    rest = f" and {len(names) - _SHOWN} more files" if len(names) > _SHOWN else ""
    which = f"The files {shown}{rest}" if names else "The weights in this repository"
    did = _DID.get(one.reuse, "derived from")
    by = f" through {one.path[0]}" if len(one.path) > 1 else ""
    return (
        f"{which} are modified: the weights were {did} {one.parent}{by}."
        if one.reuse is not Reuse.ADAPTER
        else f"{which} are {did} {one.parent}{by}; its weights are changed when it is applied."
    )


def _required(one: Terms, topic: Topic) -> Iterator[str]:
    for condition in _owed(one, topic):
        if condition.text:
            yield condition.text


def _owed(one: Terms, topic: Topic) -> Iterator[Condition]:
    for license_ in one.licenses:
        for condition in license_.on(topic, one.reuse):
            cosmos = condition.when == "upstream-is-cosmos" and "cosmos" not in one.parent.lower()
            if not cosmos and condition.when != "database-contents-used":
                yield condition


def _texts(repo: Repository, terms: Sequence[Terms]) -> tuple[list[str], list[str]]:
    """License texts with whence each is; and those that cannot be had."""
    found: list[str] = []
    lacking: list[str] = []
    for license_, of in by_license(terms):
        asking = [t for t in of if license_.on(Topic.COPY, t.reuse)]
        if not asking:
            continue
        parents = ", ".join(t.parent for t in asking)
        copy = _copy(license_, asking)
        if copy is None and not _has_own(repo, license_):
            where = f" It is at {license_.url}." if license_.url else ""
            lacking.append(
                f"Add the text of the {license_.name} ({parents}): no parent's repository holds it "
                f"word for word.{where}"
            )
        if copy is not None:
            text, whence = copy
            found.append(f"{license_.name}, for {parents}\n(copied from {whence})\n\n{text}")
    return found, lacking


def _copy(license_: License, terms: Sequence[Terms]) -> tuple[str, str] | None:
    for one in terms:
        for file, match in one.repo.licenses.matches(license_.id):
            if match.whole and file.role is Role.LICENSE:
                commit = one.repo.source.identity.commit
                at = f" at {commit}" if commit else ""
                return file.text.strip("\n"), f"{one.parent}, {file.path}{at}"
    text = standard_text(license_.id)
    return (text.strip("\n"), "the standard text") if text else None


def _has_own(repo: Repository, license_: License) -> bool:
    return any(m.whole and f.path != THIRD_PARTY for f, m in repo.licenses.matches(license_.id))


def _paragraph(terms: Sequence[Terms]) -> str:
    """The attribution paragraph of the card."""
    lines = ["## Attribution", "", "This model contains or was made from:", ""]
    for one in terms:
        names = " and ".join(x.name for x in one.licenses)
        by = f", through `{one.path[0]}`" if len(one.path) > 1 else ""
        link = f"[{one.parent}](https://huggingface.co/{one.parent})"
        lines.append(f"- {link}{by}, under {names}")
    phrases = list(dict.fromkeys(p for t in terms for p in _required(t, Topic.PHRASE)))
    lines += [part for phrase in phrases for part in ("", f"**{phrase}**")]
    changed = [t for t in terms if any(x.on(Topic.STATE_CHANGES, t.reuse) for x in t.licenses)]
    if changed:
        parents = ", ".join(t.parent for t in changed)
        lines += ["", f"The weights of {parents} were modified; `NOTICE` says which files."]
    lines += ["", f"License copies are in `{THIRD_PARTY}`, notices in `{NOTICE}`."]
    return "\n".join(lines)


def _for_a_person(repo: Repository, found: Review) -> Iterator[str]:
    """What no notice can mend."""
    for one in found.terms:
        if one.verdict.ruling is Ruling.CONFLICT:
            yield f"{one.named()}: {one.verdict.reason} ({one.verdict.clause}); no notice mends it."
        elif one.verdict.ruling is Ruling.NEEDS_HUMAN:
            yield f"{one.named()}: {one.verdict.reason} ({one.verdict.clause})."
        for condition in _owed(one, Topic.NAME_PREFIX):
            name = (repo.id or "").rpartition("/")[2]
            if condition.text and name and not kept.begins_with(name, condition.text):
                yield (
                    f"{one.named()}: the model's name must begin with “{condition.text}” "
                    f"({condition.section}); it is “{name}”."
                )
        for condition in _owed(one, Topic.USE_RESTRICTIONS):
            yield (
                f"{one.named()}: pass the use restrictions on as enforceable terms "
                f"({condition.section}); a copy of the license does that where it is declared."
            )
    for declared in repo.licenses.declared:
        license_ = declared.license
        if license_ and license_.on(Topic.COPY) and not repo.licenses.carries(license_.id):
            inherited = {x.id for t in found.terms for x in t.licenses}
            if license_.id not in inherited:
                yield (
                    f"Add the text of your own license, the {license_.name}, as LICENSE, with your "
                    "copyright line."
                )


def root_of(repo: Repository) -> str | None:
    """The folder that a repository is read from, where it is one that can be written."""
    from pathlib import Path

    location = repo.source.identity.location
    try:
        folder = Path(location)
        return location if folder.is_dir() and (folder / CARD).exists() else None
    except (OSError, Unavailable, ValueError):
        return None
