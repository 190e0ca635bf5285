"""Where statements about parents stand, one reader for each kind of place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cardlint.card.nodes import Value
from cardlint.errors import Unavailable
from cardlint.findings import Location
from cardlint.lineage.declared import Declaration, Origin, Reader
from cardlint.source.interface import is_repo_id

if TYPE_CHECKING:
    from cardlint.repository import Repository

RECIPES = ("mergekit_config.yml", "mergekit_config.yaml", "mergekit_moe_config.yml")
CONFIGS = ("config.json", "model_index.json")
QUANTIZERS = ("quantize_config.json", "quant_config.json")

LOCAL_ROOTS = frozenset(
    [
        "build",
        "cache",
        "checkpoint",
        "checkpoints",
        "ckpt",
        "ckpts",
        "data",
        "exp",
        "experiments",
        "home",
        "llm",
        "llms",
        "local",
        "logs",
        "merged",
        "mnt",
        "model",
        "model_weights",
        "models",
        "opt",
        "out",
        "output",
        "outputs",
        "pretrained",
        "result",
        "results",
        "root",
        "run",
        "runs",
        "save",
        "saved",
        "saved_models",
        "saves",
        "scratch",
        "tmp",
        "train",
        "trained",
        "usr",
        "var",
        "weights",
        "work",
        "workspace",
    ]
)
"""First parts of relative paths on somebody's disk that look like ``org/name`` (``outputs/run1``).
The front matter is not filtered by them: there the Hub asks for an id."""

HUB_URL = re.compile(r"https?://(?:www\.)?(?:huggingface\.co|hf\.co)/(?P<id>[^/\s?#]+/[^/\s?#]+)")


def as_id(text: object) -> str | None:
    """The Hub id that a config's value stands for; ``None`` for a path on somebody's disk."""
    if not isinstance(text, str):
        return None
    url = HUB_URL.match(text.strip())
    id_ = url["id"] if url else text.strip()
    if not is_repo_id(id_):
        return None
    org, _, name = id_.partition("/")
    if org.casefold() in LOCAL_ROOTS or re.fullmatch(r"checkpoint-\d+", name):
        return None
    return id_


def relation(repo: Repository) -> str | None:
    """``base_model_relation`` of the front matter, as it is written."""
    matter = _front_matter(repo)
    return matter.text if matter else None


def _front_matter(repo: Repository, key: str = "base_model_relation") -> Value | None:
    try:
        matter = repo.card.front_matter
    except Unavailable:
        return None
    return next(iter(matter.strings(key)), None) if matter else None


def _card(repo: Repository) -> Iterator[Declaration]:
    matter = repo.card.front_matter
    said = relation(repo)
    for value in matter.strings("base_model") if matter else ():
        yield Declaration(
            value.text, said, None, Origin.FRONT_MATTER, value.span.location(repo.card.path)
        )


def _named_in_json(
    repo: Repository, path: str, keys: tuple[str, ...], origin: Origin, said: str | None
) -> Iterator[Declaration]:
    if not repo.has(path):
        return
    data = repo.json(path)
    revision = data.get("revision")
    for key in keys:
        id_ = as_id(data.get(key))
        if id_:
            yield Declaration(
                id_,
                said,
                revision if isinstance(revision, str) and origin is Origin.ADAPTER else None,
                origin,
                json_location(repo.source.read_text(path), path, key, data[key]),
            )


def json_location(text: str, path: str, key: str, value: str) -> Location:
    """Where ``"key": "value"`` stands in JSON text; the first line if it is written otherwise."""
    written = re.escape(json.dumps(key)) + r"\s*:\s*(" + re.escape(json.dumps(value)) + ")"
    loose = re.escape(json.dumps(key)) + r'\s*:\s*("(?:[^"\\]|\\.)*")'
    match = re.search(written, text) or re.search(loose, text)
    if not match:
        return Location(path)
    return text_location(text, path, match.start(1), match.end(1))


def text_location(text: str, path: str, start: int, end: int) -> Location:
    """The place of the characters ``start`` to ``end`` of a file's text."""

    def place(offset: int) -> tuple[int, int]:
        return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)

    return Location(path, *place(start), *place(end))


def _adapter(repo: Repository) -> Iterator[Declaration]:
    keys = ("base_model_name_or_path",)
    yield from _named_in_json(repo, "adapter_config.json", keys, Origin.ADAPTER, "adapter")


def _config(repo: Repository) -> Iterator[Declaration]:
    for path in CONFIGS:
        yield from _named_in_json(repo, path, ("_name_or_path",), Origin.CONFIG, None)


def _quantizer(repo: Repository) -> Iterator[Declaration]:
    keys = ("model_name_or_path",)
    for path in QUANTIZERS:
        yield from _named_in_json(repo, path, keys, Origin.QUANTIZATION, "quantized")


def _recipe(repo: Repository) -> Iterator[Declaration]:
    from cardlint.lineage.recipe import read

    for path in RECIPES:
        if repo.has(path):
            yield from read(repo.source.read_text(path), path)


def _gguf(repo: Repository) -> Iterator[Declaration]:
    from cardlint.lineage.gguf import read

    path = next((p for p, e in repo.files.items() if p.endswith(".gguf") and e.present), None)
    if path:
        yield from read(repo.source, path)


def _prose(repo: Repository) -> Iterator[Declaration]:
    from cardlint.lineage import prose

    yield from prose.bases(repo.card)


READERS: Mapping[Origin, Reader] = {
    Origin.FRONT_MATTER: _card,
    Origin.ADAPTER: _adapter,
    Origin.MERGEKIT: _recipe,
    Origin.QUANTIZATION: _quantizer,
    Origin.CONFIG: _config,
    Origin.GGUF: _gguf,
    Origin.PROSE: _prose,
}
