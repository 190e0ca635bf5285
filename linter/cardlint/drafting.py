"""Drafts a card from what a repository's own files say. Nothing is invented.

What is not known is not written into the front matter, and stands in the text as
``[More Information Needed]``: the rules find both, so that a draft is not taken for a finished card.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cardlint.card.writing import field
from cardlint.errors import Unavailable

if TYPE_CHECKING:
    from cardlint.lineage.declared import Declaration
    from cardlint.repository import Repository

UNKNOWN = "[More Information Needed]"
SECTIONS = (
    "Intended Use",
    "Out-of-Scope Use",
    "Limitations",
    "Training Data",
    "Evaluation",
)
_TASKS = {
    "ForCausalLM": "text-generation",
    "LMHeadModel": "text-generation",
    "ForMaskedLM": "fill-mask",
    "ForSequenceClassification": "text-classification",
    "ForTokenClassification": "token-classification",
    "ForQuestionAnswering": "question-answering",
    "ForImageClassification": "image-classification",
    "ForObjectDetection": "object-detection",
    "ForAudioClassification": "audio-classification",
    "ForCTC": "automatic-speech-recognition",
}
"""End of an architecture's name → the one task that it can have."""
_ADAPTER_TASKS = {
    "CAUSAL_LM": "text-generation",
    "SEQ_CLS": "text-classification",
    "TOKEN_CLS": "token-classification",
    "QUESTION_ANS": "question-answering",
}
_CONFIG = {
    "architectures": "Architecture",
    "model_type": "Model type",
    "num_hidden_layers": "Layers",
    "hidden_size": "Hidden size",
    "vocab_size": "Vocabulary",
    "max_position_embeddings": "Context length (positions)",
}
_SAFE = re.compile(r"[^\w .,:+/()-]")


@dataclass(frozen=True, slots=True)
class Draft:
    """A card, and what could not be known."""

    text: str
    unknown: tuple[str, ...]
    """Fields and sections that somebody must fill in."""


def draft(repo: Repository) -> Draft:
    """Write a card for a repository.

    Raises:
        Unavailable: its file list cannot be had.
    """
    known = front_matter(repo)
    missing = [name for name in ("license", "language", "pipeline_tag") if name not in known]
    notes = "".join(f"# {line}\n" for line in _upstream_licenses(repo) if "license" in missing)
    block = "---\n" + "".join(known.values()) + notes + "---\n"
    sections = "".join(f"\n## {name}\n\n{UNKNOWN}\n" for name in SECTIONS)
    parts = (block, f"\n# {_name(repo)}\n", _facts(repo), _recipe(repo), sections, _bases(repo))
    return Draft("".join(parts), (*missing, *SECTIONS))


def front_matter(repo: Repository) -> dict[str, str]:
    """The fields that the repository's own files settle: name → its lines of YAML."""
    said = (_license(repo), *_parents(repo), _library(repo), _task(repo))
    return {name: field(name, values, note) for name, values, note in filter(None, said)}


_Said = tuple[str, str | list[str], str]
"""A field, its value or values, and the file that says so."""


def _license(repo: Repository) -> _Said | None:
    """The license whose text is here, if it is one."""
    try:
        found = repo.licenses
        governing = found.governing()
    except Unavailable:
        return None
    if len(governing) != 1 or not governing[0].hub:
        return None
    text = next((file for file, _match in found.matches(governing[0].id)), None)
    return ("license", governing[0].hub[0], _plain(text.path)) if text else None


def _parents(repo: Repository) -> list[_Said]:
    """The parents that the first of the places names that names any, and their relation."""
    from cardlint.lineage.declared import Origin

    lineage = repo.lineage
    for origin in (
        Origin.ADAPTER,
        Origin.MERGEKIT,
        Origin.QUANTIZATION,
        Origin.GGUF,
        Origin.CONFIG,
    ):
        ids = lineage.by(origin)
        if not ids:
            continue
        said = next(d for d in lineage.declarations if d.origin is origin and d.parent in ids)
        note = _plain(said.location.path)
        parents: _Said = ("base_model", ids[0] if len(ids) == 1 else list(ids), note)
        relation = _relation(said)
        tags: list[_Said] = [("tags", ["merge"], note)] if relation == "merge" else []
        return [parents, *([("base_model_relation", relation, note)] if relation else []), *tags]
    return []


def _relation(said: Declaration) -> str | None:
    from cardlint.card.vocabulary import RELATIONS

    return said.relation if said.relation in RELATIONS else None


def _library(repo: Repository) -> _Said | None:
    if repo.has("adapter_config.json"):
        return "library_name", "peft", "adapter_config.json"
    if repo.has("modules.json") and repo.has("config_sentence_transformers.json"):
        return "library_name", "sentence-transformers", "modules.json"
    if "_diffusers_version" in _object(repo, "model_index.json"):
        return "library_name", "diffusers", "model_index.json"
    if "transformers_version" in _object(repo, "config.json"):
        return "library_name", "transformers", "config.json"
    return None


def _task(repo: Repository) -> _Said | None:
    task = _ADAPTER_TASKS.get(str(_object(repo, "adapter_config.json").get("task_type")))
    if task:
        return "pipeline_tag", task, "adapter_config.json, task_type"
    names = _object(repo, "config.json").get("architectures")
    for name in names if isinstance(names, list) else ():
        for end, task_of in _TASKS.items():
            if isinstance(name, str) and name.endswith(end):
                return "pipeline_tag", task_of, "config.json, architectures"
    return None


def _object(repo: Repository, path: str) -> Mapping[str, Any]:
    """A JSON object; empty where there is none that can be read."""
    if not repo.has(path):
        return {}
    try:
        return repo.json(path)
    except Unavailable:
        return {}


def _name(repo: Repository) -> str:
    name = (repo.id or repo.source.identity.location).rstrip("/").rpartition("/")[2]
    return _plain(name) or "Model"


def _facts(repo: Repository) -> str:
    """What config and weight headers say, as a table."""
    rows = [*_config_rows(repo), *_weight_rows(repo)]
    if not rows:
        return f"\n## Model Details\n\n{UNKNOWN}\n"
    table = "".join(f"| {name} | {value} |\n" for name, value in rows)
    return f"\n## Model Details\n\n| What | Value |\n|---|---|\n{table}"


def _config_rows(repo: Repository) -> list[tuple[str, str]]:
    config = _object(repo, "config.json")
    inner = config.get("text_config")
    merged = {**(inner if isinstance(inner, dict) else {}), **config}
    rows = []
    for key, name in _CONFIG.items():
        value = merged.get(key)
        values = value if isinstance(value, list) else [value]
        if all(isinstance(v, str | int) for v in values) and values:
            rows.append((name, ", ".join(_figure(v) for v in values[:4])))
    return rows


def _weight_rows(repo: Repository) -> list[tuple[str, str]]:
    """Parameters, types and format from the headers; no weights are read."""
    from cardlint.weights.checkpoint import open_checkpoint

    try:
        found = open_checkpoint(repo.source)
    except Unavailable:
        return []
    types = sorted({str(s.dtype) for s in found.stored.values()})
    return [
        ("Parameters", f"{found.elements:,}"),
        ("Stored as", f"{found.format}, {', '.join(_plain(t) for t in types[:6])}"),
    ]


def _recipe(repo: Repository) -> str:
    """The merge recipe, word for word."""
    for path in ("mergekit_config.yml", "mergekit_config.yaml", "mergekit_moe_config.yml"):
        if not repo.has(path):
            continue
        try:
            text = repo.source.read_text(path, 1 << 16)
        except Unavailable:
            continue
        fence = "`" * (max((len(m) for m in re.findall("`+", text)), default=2) + 1)
        fence = fence if len(fence) > 2 else "```"
        return f"\n## Merge Recipe\n\nFrom `{path}`:\n\n{fence}yaml\n{text.rstrip()}\n{fence}\n"
    return ""


def _bases(repo: Repository) -> str:
    """Who is upstream, each with the license that its own card declares."""
    lines = _upstream_licenses(repo)
    body = "".join(f"- {line}\n" for line in lines) if lines else f"{UNKNOWN}\n"
    return f"\n## License and Attribution\n\n{body}\n## Contact\n\n{UNKNOWN}\n"


def _upstream_licenses(repo: Repository) -> list[str]:
    """One line for each parent: its id, and its license as far as it can be seen."""
    from cardlint.repository import Repository as Opened

    lines = []
    upstream = repo.upstream
    for parent in upstream.parents_of(upstream.root):
        other = upstream.repositories.get(parent)
        licenses: list[str] = []
        if isinstance(other, Opened):
            try:
                front = other.card.front_matter
            except Unavailable:
                front = None
            licenses = [_plain(v.text) for v in front.strings("license")] if front else []
        said = f"license {', '.join(licenses)}" if licenses else "license not seen"
        lines.append(f"{parent}: {said}")
    return lines


def _figure(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else _plain(value)


def _plain(value: Any) -> str:
    """A stranger's value as a short text that means nothing to Markdown or YAML."""
    return _SAFE.sub("", str(value))[:100].strip()
