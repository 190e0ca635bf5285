"""Ids of models and datasets as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cardlint.card.nodes import Value
from cardlint.findings import Fix
from cardlint.source.interface import is_repo_id
from cardlint_rules.metadata._front_matter import replace, rewrite

_BARE = re.compile(r"[A-Za-z0-9_][\w.-]{0,95}", re.ASCII)
"""An id without an organization: the first models and datasets of the Hub have such."""
_URL = re.compile(
    r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/(models/|datasets/|spaces/)?"
    r"([\w.-]+/[\w.-]+)(?:/(?:tree|blob|resolve)/[^\s?#]*)?/?(?:[?#]\S*)?",
    re.ASCII,
)
_PAGES = ("papers/", "collections/", "docs/", "blog/", "datasets/", "spaces/")
_LOCAL = re.compile(r"[./~\\]|[A-Za-z]:[\\/]|\S*\\")
_FOLDER = re.compile(r"[\w.-]+(?:/[\w.-]+){2,}/?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wrong:
    """What an id is instead."""

    said: str
    step: str
    fix: Fix | None = None


def invalid_id(value: Value, what: str = "model") -> Wrong | None:
    """Why a text is no id of a model (or dataset) on the Hub; ``None`` when it is written as one."""
    text = value.text.strip()
    if is_repo_id(value.text) or _BARE.fullmatch(value.text):
        return None
    address = _URL.fullmatch(text)
    if address:
        folder, id_ = address.groups()
        wanted = {"datasets/"} if what == "dataset" else {None, "models/"}
        if folder in wanted and is_repo_id(id_) and not id_.startswith(_PAGES):
            fix = replace(value.span, rewrite(value, id_), f"Write {id_}", safe=True)
            return Wrong("is an address", f"Write {id_}.", fix)
    step = f"Write the id of the {what} as org/name."
    if address or "://" in text:
        return Wrong(f"is an address, but not of a {what} on the Hub", step)
    if _LOCAL.match(text):
        came = f"Write the id of the {what} that was loaded from there, as org/name."
        return Wrong("is a path on a disk", came)
    if _FOLDER.fullmatch(text):
        return Wrong("has more than one slash, as a path has", step)
    return Wrong("is empty" if not text else "is free text", step)
