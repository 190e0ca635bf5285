"""Hub ids in the text of a card, and that text as it is read, without its markup."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from cardlint.card.body import Block
from cardlint.source.interface import is_repo_id

MENTION = "\ue000"
"""Stands in a reading for an id of a model; a private character that no card has use for."""
THING = "\ue001"
"""Stands in a reading for a link to a data set, a space or a repository elsewhere."""

NOT_OWNERS = frozenset({
    "api", "blog", "chat", "collections", "course", "datasets", "docs", "learn", "metrics",
    "models", "new", "organizations", "papers", "posts", "settings", "spaces", "tasks", "join",
    "pricing", "login", "transformers",
})  # fmt: skip
"""First parts of the Hub's own paths: `huggingface.co/datasets/…` names no model."""

_HUB = re.compile(
    r"https?://(?:www\.)?(?:huggingface\.co|hf\.co|hf-mirror\.com)/(?P<rest>[^\s?#\"'<>]+)",
    re.IGNORECASE,
)
# Owners as the Hub has them: letters, digits, hyphens and, in old ones, underscores.
_ID = r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}/[A-Za-z0-9_][\w.-]{0,95}"
_TOKEN = re.compile(
    r"(?P<image>!\[[^\[\]]{0,300}\]\([^()\s]{0,2000}[^()]{0,200}\))"
    r"|\[(?P<label>(?:[^\[\]]|\[[^\[\]]{0,100}\]){0,300})\]\(\s{0,3}<?(?P<url>[^()\s<>]{0,1000})>?[^()]{0,200}\)"
    r"|(?P<anchor><a\s[^<>]{0,300}?href\s{0,3}=\s{0,3}[\"']?(?P<href>[^\"'\s<>]{1,1000})[^<>]{0,300}>)"
    r"(?P<inner>[^<>]{0,300})</a>"
    r"|(?P<bare>https?://[^\s<>()\[\]\"'`|\\，。）]+)"
    rf"|(?<![\w./@=~\\-])(?P<id>{_ID})(?![\w/])"
    r"|(?P<tag></?[a-zA-Z][^<>]{0,500}>)"
    r"|(?P<mark>\*+|`+|(?<!\w)_+|_+(?!\w)|[\"“”«»]+|~~+)",
    re.ASCII,
)
_FILE = re.compile(
    r"\.(?:md|py|json|ya?ml|txt|png|jpe?g|gif|svg|webp|mp4|wav|bin|pth?|onnx|gguf|ggml|ckpt|ipynb|sh|html?|pdf|"
    r"csv|tsv|jsonl|parquet|zip|gz|safetensors|cpp|js|ts)$",
    re.IGNORECASE,
)
# Parts of "and/or", "src/model", "input/output": paths, units and pairs of plain words.
_NO_PARTS = frozenset({
    "and", "or", "w", "y", "e", "o", "src", "lib", "bin", "models", "model", "data", "dataset",
    "datasets", "checkpoints", "checkpoint", "ckpt", "output", "outputs", "input", "inputs",
    "train", "training", "test", "tests", "val", "pre-training", "fine-tuning",
    "finetuning", "post-training", "pretraining", "few-shot", "zero-shot", "in-domain",
    "out-of-domain", "end-to-end", "image", "text", "audio", "video", "speech", "main", "tree", "blob",
    "resolve", "examples", "example", "scripts", "script", "configs", "config", "home", "tmp",
    "mnt", "root", "usr", "path", "domain", "your-username", "username", "user", "your-org",
    "author", "path-to-model", "tokens", "application",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mention:
    """An id of a model in the text of a card."""

    name: str
    """``owner/name``."""
    start: int
    end: int
    """Offsets of the id in the file."""
    linked: bool
    """Whether it is, or links to, an address on the Hub: then it is certainly a model."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The text of a block as a person reads it; :data:`MENTION` stands for each mention, in order."""

    text: str
    mentions: tuple[Mention, ...]
    _places: tuple[tuple[int, int], ...]
    """Offset in ``text``, offset in the file: where each run of kept characters begins."""
    _signs: tuple[int, ...]
    """Where the signs are in ``text``."""

    def at(self, index: int) -> int:
        """The offset in the file of character ``index`` of ``text``."""
        here, there = self._places[bisect_right(self._places, (index, 1 << 60)) - 1]
        return there + index - here

    def between(self, start: int, end: int) -> tuple[Mention, ...]:
        """The mentions whose signs are among these characters of ``text``."""
        return self.mentions[bisect_left(self._signs, start) : bisect_left(self._signs, end)]


def hub_id(url: str) -> str | None:
    """The model that an address on the Hub leads to; ``None`` for anything else.

    The pages of a model (``/tree/main``, ``/blob/main/README.md``) lead to it; its license does not
    say more than that it has one, so a link to a file other than weights counts as none.
    """
    match = _HUB.match(url)
    if not match:
        return None
    parts = match["rest"].rstrip(".,;:)").split("/")
    if len(parts) < 2 or parts[0].lower() in NOT_OWNERS:
        return None
    if len(parts) > 3 and re.search(
        r"licen[sc]e|\.(?:md|txt|pdf|png|jpe?g|ipynb|py)$", parts[-1], re.IGNORECASE
    ):
        return None
    name = f"{parts[0]}/{parts[1]}"
    return name if is_repo_id(name) else None


def plain_id(text: str) -> str | None:
    """The id that ``owner/name`` in running text is; ``None`` for a path, a file or a pair of words."""
    text = text.rstrip(".-_")
    owner, _, name = text.partition("/")
    parts = {owner.lower(), name.lower()}
    if parts & _NO_PARTS or _FILE.search(name) or not is_repo_id(text) or len(name) < 4:
        return None
    if not re.search(r"[a-zA-Z]", owner) or not re.search(r"[a-zA-Z]", name):
        return None
    # A model's name has a digit, a hyphen, an underscore or a point; "LLaMA/Vicuna" has none.
    if not re.search(r"[\d_.-]", name) or re.match(
        r"(?:\w+-)?vit$|.*clip-vit$|.*-?bit$", owner, re.IGNORECASE
    ):
        return None
    return text


def read(block: Block) -> Reading:
    """The reading of a block."""
    source = block.text.replace(MENTION, " ").replace(THING, " ")
    out: list[str] = []
    places: list[tuple[int, int]] = []
    mentions: list[Mention] = []
    length = 0

    def put(text: str, index: int) -> None:
        nonlocal length
        if text:
            places.append((length, block.at(index)))
            out.append(text)
            length += len(text)

    def mention(name: str, start: int, end: int, *, linked: bool) -> None:
        mentions.append(Mention(name, block.at(start), block.at(end), linked))
        put(MENTION, start)

    def link(label: str, label_at: int, url: str, url_at: int) -> None:
        inside = plain_id(label.strip("`*_ "))
        name = hub_id(url)
        if name:
            # The id is where it is written out: in the label, or in the address.
            written = label.find(name)
            where = label_at + written if written >= 0 else url_at + max(url.find(name), 0)
            mention(name, where, where + len(name), linked=True)
        elif inside and url.strip("/") in {"", inside}:
            start = label_at + max(label.find(inside), 0)
            mention(inside, start, start + len(inside), linked=False)
        elif plain_id(url) and url.endswith(f"/{label.strip('`*_ ')}"):
            mention(url, url_at, url_at + len(url), linked=False)
        else:
            put(THING if "/" in label or _HUB.match(url) else label.strip("`*_ "), label_at)

    position = 0
    for match in _TOKEN.finditer(source):
        put(source[position : match.start()], position)
        position = match.end()
        if match["label"] is not None:
            link(match["label"], match.start("label"), match["url"], match.start("url"))
        elif match["anchor"]:
            link(match["inner"], match.start("inner"), match["href"], match.start("href"))
        elif match["bare"]:
            name = hub_id(match["bare"])
            if name:
                start = match.start() + match["bare"].find(name)
                mention(name, start, start + len(name), linked=True)
            else:
                put(THING, match.start())
            tail = re.search(r"[.,;:]+$", match["bare"])
            put(tail[0] if tail else "", match.end() - len(tail[0]) if tail else 0)
        elif match["id"]:
            name = plain_id(match["id"])
            if name:
                mention(name, match.start(), match.start() + len(name), linked=False)
                put(match["id"][len(name) :], match.start() + len(name))
            else:
                put(match["id"], match.start())
        elif match["tag"] and re.match(
            r"</?(?:br|p|li|div|td|tr|h\d|dd|dt)\b", match["tag"], re.IGNORECASE
        ):
            put("\n\n" if not match["tag"].lower().startswith("<br") else "\n", match.start())
    put(source[position:], position)
    text = "".join(out)
    signs = tuple(m.start() for m in re.finditer(MENTION, text))
    return Reading(text, tuple(mentions), tuple(places) or ((0, block.start),), signs)
