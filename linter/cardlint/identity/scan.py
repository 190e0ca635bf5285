"""Finds sentences of identity in chat templates, as text.

Source of the places: transformers' documentation, "Chat templates": ``chat_template`` of
``tokenizer_config.json`` (a string, or a list of ``{name, template}``), ``chat_template.jinja``,
``additional_chat_templates/*.jinja``, ``chat_template.json`` of processors. A default system prompt
may also stand in ``generation_config.json``, ``config.json`` or ``params.json``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cardlint.errors import Malformed, NotFound, Unavailable
from cardlint.findings import Location, NotChecked
from cardlint.identity.template import Statement, TemplateIdentity
from cardlint.lineage.statements import text_location

if TYPE_CHECKING:
    from cardlint.repository import Repository

TEMPLATE_FIELDS = {
    "tokenizer_config.json": ("chat_template",),
    "chat_template.json": ("chat_template",),
    "processor_config.json": ("chat_template",),
    "generation_config.json": ("system_prompt", "default_system_prompt", "system_message"),
    "config.json": ("system_prompt", "default_system_prompt", "system_message"),
}
MAX_TEMPLATE = 1 << 20
"""Characters of one template that are scanned; the longest public ones have some 20,000."""
MAX_STATEMENTS = 50

# A name: one to five words of letters, digits and joints that begin with a capital or a digit.
# What follows "You are" in most templates ("a helpful assistant") begins with a small letter.
_WORD = r"[A-ZÀ-ÞΑ-ΩА-Я0-9][\w.+\-]*"
_NAME = rf"(?P<name>{_WORD}(?:[ \u00a0]{_WORD}){{0,4}})"
_CJK_NAME = r"(?P<name>[A-Za-z0-9][\w.\-]*(?: [A-Z0-9][\w.\-]*){0,3}|[\u4e00-\u9fff\u3040-\u30ff\uac00-\ud7af]{2,8}?(?=[，,。、（(！!]|$))"
# A word begins here: also behind the two characters `\n` of a string literal in the template.
_BEGINS = r"(?:(?<![^\W_])|(?<=\\n)|(?<=\\t))"
_SENTENCES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_BEGINS}(?:[Yy]ou are|You're|I am|I'm|[Yy]our name is|[Mm]y name is)(?: called| named)? {_NAME}",
        rf"{_BEGINS}(?:[Vv]ocê é|[Tt]u és|[Ss]eu nome é|[Ee]u sou|[Mm]eu nome é)(?: o| a)? {_NAME}",
        rf"{_BEGINS}(?:[Ee]res|[Uu]sted es|[Tt]u nombre es|[Ss]oy|[Mm]e llamo)(?: el| la)? {_NAME}",
        rf"{_BEGINS}(?:[Tt]u es|[Vv]ous êtes|[Jj]e suis|[Tt]on nom est|[Jj]e m'appelle) {_NAME}",
        rf"{_BEGINS}(?:[Dd]u bist|[Ss]ie sind|[Ii]ch bin|[Dd]ein Name ist|[Ii]ch heiße) {_NAME}",
        rf"{_BEGINS}(?:[Tt]u sei|[Ss]ei|[Ii]l tuo nome è|[Ii]o sono|[Mm]i chiamo) {_NAME}",
        rf"{_BEGINS}(?:Ты|Вы|Я)(?: —| -| –)? {_NAME}",
        rf"(?:你是|您是|我是|你的名字是|我叫|你叫|あなたは|私は)\s*(?:一个名为|名为|由[^，,。\s]{{1,20}}(?:开发|研发|创建)的)?\s*{_CJK_NAME}",
        rf"(?:당신은|저는|너는)\s*{_CJK_NAME}",
    )
)
_MAKER = re.compile(
    r"(?:[Dd]eveloped|[Cc]reated|[Mm]ade|[Tt]rained|[Bb]uilt|[Dd]esigned|[Rr]eleased) (?:and \w+ )?by (?:the )?"
    rf"(?P<maker>(?:(?:city|state|government|people) of )?{_WORD}(?:[ \u00a0](?:{_WORD}|of|de|da|do|the)){{0,6}})"
    rf"|(?:[Dd]esenvolvido|[Cc]riado|[Ff]eito|[Tt]reinado|[Cc]reado|[Dd]esarrollado|[Ee]ntrenado)[oa]? p(?:or|el[oa]) (?:l[ao] )?(?P<maker2>{_WORD}(?:[ \u00a0](?:{_WORD}|de|da|do|del)){{0,6}})"
    r"|由(?P<maker3>[^，,。\s]{1,20}?)(?:开发|研发|创建|训练|打造)"
)
# After "You are" these begin with a capital in some templates and name nobody.
_NOBODY = frozenset(
    [
        "a",
        "able",
        "ai",
        "also",
        "an",
        "asked",
        "assistant",
        "currently",
        "de",
        "ein",
        "eine",
        "expert",
        "free",
        "given",
        "he",
        "helpful",
        "here",
        "i",
        "in",
        "it",
        "no",
        "not",
        "now",
        "please",
        "provided",
        "required",
        "she",
        "strictly",
        "system",
        "that",
        "the",
        "then",
        "they",
        "this",
        "to",
        "um",
        "uma",
        "un",
        "una",
        "une",
        "uno",
        "user",
        "using",
        "very",
        "we",
        "you",
        "your",
    ]
)


def scan(repo: Repository) -> TemplateIdentity:
    """Scan every template.

    Raises:
        Unavailable: the file list cannot be had.
    """
    statements: list[Statement] = []
    gaps: list[NotChecked] = []
    first: str | None = None
    for path in _paths(repo):
        try:
            found = list(_templates(repo, path))
        except NotFound:
            continue
        except Unavailable as reason:
            gaps.append(NotChecked("identity", reason.message, reason.remedy))
            continue
        for template, text, base in found:
            first = first or path
            if len(template) > MAX_TEMPLATE:
                gaps.append(NotChecked("identity", f"the chat template in {path} is too long"))
                continue
            for start, end, name, maker in sentences(template):
                where = _place(text, path, template, base, start, end)
                statements.append(Statement(template[start:end], name, where, maker or None))
    unique = {(s.text, s.location.path): s for s in reversed(statements)}
    return TemplateIdentity(tuple(reversed(unique.values()))[:MAX_STATEMENTS], first, tuple(gaps))


def _paths(repo: Repository) -> Iterator[str]:
    for path in repo.files:
        folder, _, name = path.rpartition("/")
        if path in TEMPLATE_FIELDS or (
            name.endswith(".jinja") and folder in {"", "additional_chat_templates"}
        ):
            yield path


def _templates(repo: Repository, path: str) -> Iterator[tuple[str, str, int]]:
    """Templates of a file: each with the file's text and, in a plain file, offset 0 (else −1)."""
    text = repo.source.read_text(path)
    if path.endswith(".jinja"):
        yield text, text, 0
        return
    if not any(f'"{key}"' in text for key in TEMPLATE_FIELDS[path]):
        return
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{path} is not JSON: {error}") from error
    for key in TEMPLATE_FIELDS[path] if isinstance(data, dict) else ():
        for template in _strings(data.get(key)):
            yield template, text, -1


def _strings(value: Any) -> Iterator[str]:
    """A template, or those of a list of ``{name, template}`` or of a map."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item.get("template") if isinstance(item, dict) else item)
    elif isinstance(value, dict):
        for item in value.values():
            if isinstance(item, str):
                yield item


def sentences(template: str) -> Iterator[tuple[int, int, str, str | None]]:
    """Start, end, name and maker of each sentence that says who the model is, in order."""
    found: dict[int, tuple[int, int, str, str | None]] = {}
    for pattern in _SENTENCES:
        for match in pattern.finditer(template):
            name = match["name"].rstrip(".-+")
            if not name or name.split()[0].casefold() in _NOBODY or name.isdigit():
                continue
            end = _sentence_end(template, match.end("name"))
            made = _MAKER.search(template, match.start(), end)
            maker = next((m for m in made.groups() if m), "").rstrip(".") if made else None
            found.setdefault(match.start(), (match.start(), end, name, maker or None))
    yield from (found[start] for start in sorted(found))


def _sentence_end(text: str, start: int) -> int:
    stop = re.compile(r"[.!?](?=\s|['\"\\<]|$)|[。！？\n]|\\n|['\"}<]").search(text, start)
    if not stop:
        return min(len(text), start + 300)
    end = stop.end() if stop[0] in ".!?。！？" else stop.start()
    return min(end, start + 300)


def _place(text: str, path: str, template: str, base: int, start: int, end: int) -> Location:
    """Where the sentence stands in the file, whose JSON may have escaped it in two ways."""
    if base >= 0:
        return text_location(text, path, start, end)
    for ascii_only in (False, True):
        written = json.dumps(template[start:end], ensure_ascii=ascii_only)[1:-1]
        at = text.find(written)
        if at >= 0:
            return text_location(text, path, at, at + len(written))
    return Location(path)
