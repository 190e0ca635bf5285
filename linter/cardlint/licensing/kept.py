"""Whether the conditions of a license were in fact kept: what the files say, and where.

Nothing here is a legal conclusion. Each function says what stands in the files, so that the rules
can report it and a reader can look it up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from cardlint.errors import Unavailable
from cardlint.licensing.files import LicenseFile, LicenseFiles, Role
from cardlint_licenses import Condition, License
from cardlint_licenses.words import split

if TYPE_CHECKING:
    from cardlint.repository import Repository
    from cardlint_licenses.results import Match

_COPYRIGHT = re.compile(
    r"^[ \t#*>/_-]{0,40}((?:portions[ \t]+)?(?:copyright|©|\(c\))\W.*(?:\d{4}|©|\(c\)).*)$",
    re.IGNORECASE | re.MULTILINE,
)
_PLACEHOLDER = re.compile(
    r"[\[<{](?:yyyy|year|name|owner|fullname|copyright|organization)", re.IGNORECASE
)
_STEWARDS = re.compile(
    r"free software foundation|creative commons|the linux foundation and its contributors"
    r"|apache software foundation, licensed|mongodb|sil international",
    re.IGNORECASE,
)
_CHANGED = re.compile(
    r"\b(?:modif\w+|chang(?:ed|es)|alter(?:ed|ations)|adapted|fine-?tun(?:ed|ing)|post-?train(?:ed|ing)"
    r"|continued? (?:pre-?)?training|retrain(?:ed|ing)|merg(?:ed|e|ing)|quanti[sz](?:ed|ation)"
    r"|convert(?:ed|ion)|interpolat(?:ed|ion)|prun(?:ed|ing)|distill?(?:ed|ation))\b",
    re.IGNORECASE,
)
_THING = re.compile(
    r"\b(?:weights?|parameters|files?|tensors?|checkpoints?|safetensors|gguf|state dict)\b",
    re.IGNORECASE,
)
MAX_CARD = 1 << 20
"""Characters of a card or notice in which a statement of changes is looked for."""
_SENTENCE = re.compile(r"[^.!?\n]{1,2000}(?:\n(?![ \t\r]*\n)[^.!?\n]{1,2000}){0,40}[.!?]?")


@dataclass(frozen=True, slots=True)
class CopyOf:
    """How the text of a license is present."""

    license: License
    state: str
    """``whole``, ``near`` (not word for word), ``altered``, ``partial``, ``header``, ``unclear`` (a
    file is like it, and may be another license), ``absent``."""
    file: LicenseFile | None = None
    match: Match | None = None


@dataclass(frozen=True)
class Papers:
    """All places of a repository where a notice may stand, as words."""

    repo: Repository
    licenses: LicenseFiles

    @cached_property
    def card(self) -> str:
        """The body of the card; empty when there is none."""
        try:
            return self.repo.card.body
        except Unavailable:
            return ""

    @cached_property
    def words(self) -> dict[str, str]:
        """Path → its words, for every license file and the card."""
        found = {f.path: _words(f.text) for f in self.licenses.files}
        if self.card:
            found["README.md"] = _words(self.card)
        return found

    def where(self, text: str) -> str | None:
        """The path in which the words of ``text`` stand one after the other."""
        wanted = _words(text)
        if not wanted.strip():
            return None
        return next((path for path, words in self.words.items() if wanted in words), None)

    def where_besides(self, text: str, license_: License) -> str | None:
        """As :meth:`where`, outside the text of a license itself, which quotes its own sentences."""
        wanted = _words(text)
        for path, words in self.words.items():
            count = words.count(wanted)
            own = sum(
                f.path == path and m.coverage > 0.5 for f, m in self.licenses.matches(license_.id)
            )
            if count > own:
                return path
        return None

    def copy_of(self, license_: License) -> CopyOf:
        """The best copy of a license's text."""
        from cardlint_licenses.results import Form

        like = [f for f in self.licenses.files if license_.id in f.detection.near]
        best = CopyOf(license_, "unclear", like[0]) if like else CopyOf(license_, "absent")
        order = ["whole", "near", "altered", "partial", "header", "unclear", "absent"]
        for file, match in self.licenses.matches(license_.id):
            if match.form is Form.MENTION:
                continue
            if match.form is Form.HEADER:
                state = "header"
            elif match.altered:
                state = "altered"
            elif match.form is Form.PARTIAL:
                state = "partial"
            else:
                state = "near" if match.doubtful else "whole"
            if order.index(state) < order.index(best.state):
                best = CopyOf(license_, state, file, match)
        return best

    def linked(self, license_: License) -> bool:
        """Whether the license's own address stands somewhere (Creative Commons accept it)."""
        if not license_.url:
            return False
        address = re.sub(r"^https?://(?:www\.)?|/(?:legalcode|deed.*)?$", "", license_.url)
        texts = [self.card, *(f.text for f in self.licenses.files)]
        link = self.licenses.link
        if link is not None and isinstance(link.data, str):
            texts.append(link.data)
        return any(address in t for t in texts)

    def change_notice(self, names: Sequence[str]) -> tuple[str, str] | None:
        """A sentence that says that weights or files were changed: (path, sentence).

        Args:
            names: of the ancestor, any of which makes a sentence about changes one about it.
        """
        places = [(f.path, f.text) for f in self.licenses.of(Role.NOTICE, Role.THIRD_PARTY)]
        places.append(("README.md", self.card))
        for path, text in places:
            for said in sentences(text):
                if not _CHANGED.search(said) or not _THING.search(said):
                    continue
                if path != "README.md" or any(n.lower() in said.lower() for n in names):
                    return path, said
        return None


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text, each on one line; those of a huge card end at a bound."""
    for match in _SENTENCE.finditer(text[:MAX_CARD]):
        yield " ".join(match[0].split())


def notices(files: LicenseFiles) -> tuple[LicenseFile, ...]:
    """The NOTICE files of a repository."""
    return files.of(Role.NOTICE)


def lost_lines(upstream: LicenseFile, papers: Papers) -> list[str]:
    """Lines of an upstream NOTICE that stand nowhere here, in their order."""
    return [
        line.strip()
        for line in upstream.text.splitlines()
        if _words(line).strip() and papers.where(line) is None
    ]


def copyright_lines(files: LicenseFiles) -> list[str]:
    """The copyright statements in a repository's license files, each once.

    Those of the licenses' own stewards, and the placeholders of templates, are no statements about
    the work.
    """
    found: dict[str, str] = {}
    for file in files.files:
        for match in _COPYRIGHT.finditer(file.text):
            line = " ".join(match[1].split())
            if not _PLACEHOLDER.search(line) and not _STEWARDS.search(line) and len(line) < 300:
                found.setdefault(_words(line), line)
    return list(found.values())


def lost_copyrights(upstream: LicenseFiles, papers: Papers) -> list[str]:
    """Copyright statements of an ancestor that stand nowhere here."""
    return [line for line in copyright_lines(upstream) if papers.where(line) is None]


def phrase_present(condition: Condition, papers: Papers, license_: License) -> str | None:
    """Where a required phrase, or a wording accepted in its place, stands."""
    for text in (condition.text, *condition.alternatives):
        if text and (path := papers.where_besides(text, license_)):
            return path
    return None


def names_of(repo_id: str) -> tuple[str, ...]:
    """What a card may call a model: ``org/name``, ``name`` and its first words."""
    name = repo_id.rpartition("/")[2]
    head = re.split(r"[-_.]", name)[0]
    return tuple(dict.fromkeys((repo_id, name, name.replace("-", " "), head)))


def begins_with(name: str, prefix: str) -> bool:
    """Whether a model's name begins with a prefix, the licensor's own name before it allowed."""

    def plain(text: str) -> str:
        return re.sub(r"[\W_]+", "", text.lower())

    return plain(name).removeprefix("meta").startswith(plain(prefix).removeprefix("meta"))


def titles(repo: Repository) -> Iterator[str]:
    """The card's first heading, where there is one."""
    try:
        headings = repo.card.markdown.headings
    except Unavailable:
        return
    for heading in headings[:1]:
        yield heading.text


def _words(text: str) -> str:
    return " " + " ".join(split(text).words) + " "
