"""What can be filled in for an item, with where it came from.

Each public function takes a repository and returns an :class:`Answer`, or ``None`` when nothing was
found; its name is the ``answer`` of ``items.yaml``. Nothing is invented: a cell that no file answers
stays empty and is marked for a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cardlint.errors import Unavailable

if TYPE_CHECKING:
    from cardlint.card.nodes import Value
    from cardlint.repository import Repository


@dataclass(frozen=True, slots=True)
class Answer:
    """A value and where it was read."""

    values: tuple[str, ...]
    where: str
    """``README.md:12``, ``config.json``, ``file list``, …"""
    complete: bool = True
    """False when it answers only a part of what is asked."""
    open_: bool = False
    """True when the files cannot decide it: the answer says why."""


MAX_VALUES = 40
"""Values shown for one item; the bill of materials has them all."""


def _answer(values: Iterable[object], where: str, *, complete: bool = True) -> Answer | None:
    texts = [str(v) for v in values if v not in (None, "")]
    if len(texts) > MAX_VALUES:
        texts = [*texts[:MAX_VALUES], f"… ({len(texts) - MAX_VALUES} more)"]
    return Answer(tuple(texts), where, complete) if texts else None


def _fields(repo: Repository, *names: str) -> Answer | None:
    """The front matter's values under any of ``names``."""
    matter = repo.card.front_matter
    if matter is None:
        return None
    for name in names:
        value = matter.get(name)
        if value is not None and value.data not in (None, "", [], {}):
            return _answer(_flat(value), f"README.md:{value.span.line}")
    return None


def _flat(value: Value) -> list[str]:
    if value.items:
        return [text for item in value.items for text in _flat(item)]
    if value.fields:
        return [f"{f.name}: {', '.join(_flat(f.value))}" for f in value.fields]
    return [value.text or str(value.data)]


def _lines(repo: Repository, pattern: str) -> list[tuple[int, str]]:
    """Lines of the card's body that match, with their number in the file."""
    card = repo.card
    found = re.finditer(pattern, card.body, re.IGNORECASE | re.MULTILINE)
    return [(card.location(card.body_start + m.start()).line, m[0].strip()) for m in found]


def _section(repo: Repository, pattern: str) -> Answer | None:
    """The headings of the card that match; their text is in the card."""
    rows = _lines(repo, rf"^#{{1,6}}[ \t]+[^\n]*\b(?:{pattern})\b[^\n]*$")
    return _answer((t.lstrip("# ") for _, t in rows), f"README.md:{rows[0][0]}") if rows else None


def _named_files(repo: Repository, pattern: str) -> Answer | None:
    names = [p for p in repo.files if re.fullmatch(pattern, p, re.IGNORECASE)]
    return _answer(names, "file list")


def _config(repo: Repository) -> dict[str, Any]:
    """``config.json`` with the text part of a multimodal one on top."""
    config = repo.json("config.json")
    text = config.get("text_config")
    return {**config, **text} if isinstance(text, dict) else config


def provider(repo: Repository) -> Answer | None:
    """Organization and contact (mail address or contact heading)."""
    owner = [repo.id.partition("/")[0]] if repo.id else []
    mails = [t for _, t in _lines(repo, r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,32}){1,4}")]
    contact = _section(repo, r"contact|contato|contacto|card contact")
    where = "repository id" + (", README.md" if mails or contact else "")
    return _answer([*owner, *mails], where, complete=bool(owner and (mails or contact)))


def identity(repo: Repository) -> Answer | None:
    """Package URL with the commit (purl-spec, type ``huggingface``)."""
    commit = repo.source.identity.commit
    if not repo.id:
        return None
    purl = f"pkg:huggingface/{repo.id}" + (f"@{commit}" if commit else "")
    return _answer([purl], "repository", complete=commit is not None)


def release_date(repo: Repository) -> Answer | None:
    """The commit that first held weights."""
    for state in repo.history.states:
        if state.weights:
            return _answer([state.commit.date.date().isoformat()], f"commit {state.commit.id[:12]}")
    return None


def bases(repo: Repository) -> Answer | None:
    """Declared base models, with relation and revision where given."""
    rows = [
        f"{d.parent}"
        + (f"@{d.revision}" if d.revision else "")
        + (f" ({d.relation})" if d.relation else "")
        for d in repo.lineage.declarations
        if d.origin.value == "front-matter"
    ]
    found = _fields(repo, "base_model")
    return _answer(dict.fromkeys(rows), found.where, complete=True) if rows and found else None


def evidenced(repo: Repository) -> Answer | None:
    """What the weights say."""
    comparison = repo.weights.best or repo.weights.comparison
    return _answer([comparison.verdict.statement], "weights") if comparison else None


def hashes(repo: Repository) -> Answer | None:
    """SHA-256 of each weight file, from git-LFS."""
    rows = [f"{e.path} sha256:{e.sha256}" for e in repo.files.values() if e.sha256]
    return _answer(rows, "git-LFS")


def signature(repo: Repository) -> Answer | None:
    """A signature file (OpenSSF Model Signing, Sigstore bundle, detached)."""
    return _named_files(repo, r".*(?:model\.sig|\.sigstore(?:\.json)?|\.sig|\.asc)")


def architecture(repo: Repository) -> Answer | None:
    """Architecture class and sizes, from ``config.json``."""
    config = _config(repo)
    names = config.get("architectures")
    keys = ("model_type", "num_hidden_layers", "hidden_size", "num_experts", "vocab_size")
    rows = [
        *(names if isinstance(names, list) else []),
        *(f"{k}: {config[k]}" for k in keys if k in config),
    ]
    return _answer(rows, "config.json")


def modalities(repo: Repository) -> Answer | None:
    """Task of the card and context length of the configuration."""
    task = _fields(repo, "pipeline_tag")
    try:
        length = _config(repo).get("max_position_embeddings")
    except Unavailable:
        length = None
    rows = [*(task.values if task else ()), *([f"context: {length} tokens"] if length else [])]
    where = ", ".join(([task.where] if task else []) + (["config.json"] if length else []))
    return _answer(rows, where, complete=bool(task and length))


def license(repo: Repository) -> Answer | None:  # noqa: A001  # the item's name
    """``license`` with its name and link."""
    rows = [_fields(repo, key) for key in ("license", "license_name", "license_link")]
    found = [row for row in rows if row]
    values = [v for row in found for v in row.values]
    return _answer(values, found[0].where) if found else None


def license_text(repo: Repository) -> Answer | None:
    """License files."""
    return _named_files(repo, r"(?:licen[cs]e|copying|unlicense)[^/]*|licenses/.*")


# What a free and open-source license may not do, in the words of the Commission's guidelines
# (C(2025) 7719 final, s. 4.2.1): topic of a condition in the license knowledge → why it matters.
_NOT_FREE = {
    "noncommercial": "limits use to noncommercial or research purposes",
    "threshold": "asks users above a size for another license",
    "no-derivatives": "does not allow modified versions",
    "territory": "leaves out territories",
    "use-restrictions": "restricts fields of use (proportionate safety terms may be allowed)",
    "acceptable-use": "restricts fields of use (proportionate safety terms may be allowed)",
    "output-terms": "restricts what outputs may be used for",
}


def open_source_test(repo: Repository) -> Answer | None:
    """What in the declared licenses speaks against a free and open-source license, if known."""
    found = repo.licenses
    if not found.understood:
        return Answer(
            ("undetermined: no license that is known is declared",), "license knowledge", open_=True
        )
    against = [
        f"{license_.id}, {condition.section}: {_NOT_FREE[condition.topic.value]}"
        for license_ in found.licenses
        for condition in license_.conditions
        if condition.topic.value in _NOT_FREE and condition.effect not in {"none", "naming"}
    ]
    names = ", ".join(license_.id for license_ in found.licenses)
    return _answer(
        dict.fromkeys(against) or [f"{names}: no condition that is known speaks against it"],
        "license knowledge",
    )


def gating(repo: Repository) -> Answer | None:
    """Conditions of access that the card sets."""
    matter = repo.card.front_matter
    keys = (
        [f.name for f in matter.root.fields if f.name.startswith("extra_gated")]
        if matter and matter.root
        else []
    )
    return _answer(keys, "README.md", complete=False)


def acceptable_use(repo: Repository) -> Answer | None:
    """A policy file or section."""
    return _named_files(repo, r"(?:use[_-]?policy|acceptable[_-]?use)[^/]*") or _section(
        repo, r"acceptable use|use policy|usage policy|política de uso"
    )


def training_summary(repo: Repository) -> Answer | None:
    """A summary of the training content."""
    return _section(
        repo, r"(?:public )?summary of (?:the )?training|training (?:content|data) summary"
    )


def modifier_test(repo: Repository) -> Answer | None:
    """Whether the modification took more than a third of the original's compute: never known here.

    Commission guidelines, s. 3.2. A merge of weights takes next to no compute and is not discussed
    there.
    """
    merged = any(d.relation == "merge" for d in repo.lineage.declarations)
    with suppress(Unavailable):
        comparison = repo.weights.best or repo.weights.comparison
        merged = merged or (comparison is not None and comparison.verdict.kind.value == "merge")
    said = "undetermined: the compute of the original and of the modification would be needed"
    if merged:
        said += "; a merge of weights takes next to none, and the guidelines do not speak of it"
    return Answer((said,), "no file of the repository", open_=True)


def copyright_policy(repo: Repository) -> Answer | None:
    """A copyright policy section."""
    return _section(repo, r"copyright|direitos autorais|derechos de autor|text and data mining")


def datasets(repo: Repository) -> Answer | None:
    """Datasets of the front matter, otherwise a training data section."""
    return _fields(repo, "datasets") or _section(
        repo, r"training data|dados de treinamento|datos de entrenamiento"
    )


def synthetic_data(repo: Repository) -> Answer | None:
    """Sentences that speak of synthetic or distilled data."""
    rows = _lines(repo, r"^[^\n]*\b(?:synthetic|distill\w*|sintétic\w*|destila\w*)\b[^\n]*$")
    return (
        _answer((t[:200] for _, t in rows), f"README.md:{rows[0][0]}", complete=False)
        if rows
        else None
    )


def data_card(repo: Repository) -> Answer | None:
    """A Croissant or data card file."""
    return _named_files(repo, r"(?:.*/)?(?:croissant\.json|data[_-]?card\.md)")


def recipe(repo: Repository) -> Answer | None:
    """A merge recipe file or a training procedure section."""
    return _named_files(repo, r"mergekit(?:_moe)?_config\.ya?ml|training_args\.json") or _section(
        repo, r"training (?:procedure|details|recipe)|procedimento de treinamento|merge details"
    )


def energy(repo: Repository) -> Answer | None:
    """``co2_eq_emissions``."""
    return _fields(repo, "co2_eq_emissions")


def code(repo: Repository) -> Answer | None:
    """Links to code repositories."""
    rows = _lines(repo, r"https://(?:github|gitlab)\.com/[\w.-]+/[\w.-]+")
    return _answer(dict.fromkeys(t for _, t in rows), f"README.md:{rows[0][0]}") if rows else None


def intended_use(repo: Repository) -> Answer | None:
    """A section on the intended use."""
    return _section(repo, r"intended uses?|direct use|uses|usos? pretendidos?|uso previsto")


def limitations(repo: Repository) -> Answer | None:
    """A section on limits, biases or uses out of scope."""
    return _section(
        repo, r"limitations?|bias|risks|out-of-scope use|limitações|limitaciones|riscos"
    )


def integration(repo: Repository) -> Answer | None:
    """Library of the card and version of the configuration."""
    library = _fields(repo, "library_name")
    try:
        version = repo.json("config.json").get("transformers_version")
    except Unavailable:
        version = None
    rows = [*(library.values if library else ()), *([f"transformers {version}"] if version else [])]
    where = ", ".join(([library.where] if library else []) + (["config.json"] if version else []))
    return _answer(rows, where)


def evaluation(repo: Repository) -> Answer | None:
    """Results as data, otherwise a section."""
    files = _named_files(repo, r"\.eval_results/[^/]+\.ya?ml")
    index = _fields(repo, "model-index")
    if index:
        return Answer(("model-index",), index.where)
    return files or _section(
        repo, r"evaluation|results|benchmarks?|avaliação|evaluación|resultados"
    )


def card_history(repo: Repository) -> Answer | None:
    """How many commits changed the card."""
    states = [s for s in repo.history.states if "README.md" in s.changed]
    return _answer([f"{len(states)} commits changed the card"], "history") if states else None


def feedback(repo: Repository) -> Answer | None:
    """A security policy or contact section."""
    return _named_files(repo, r"security\.md") or _section(
        repo, r"contact|feedback|contato|contacto|report(?:ing)? (?:issues|vulnerabilities)"
    )


def remote_code(repo: Repository) -> Answer | None:
    """Python files that a loader would run on request, and file formats."""
    auto = _config(repo).get("auto_map")
    kinds = sorted(
        {
            p.rpartition(".")[2]
            for p in repo.files
            if re.search(r"\.(safetensors|gguf|bin|pt|pth|ckpt|onnx|h5|msgpack)$", p)
        }
    )
    return _answer(
        [*kinds, *(["auto_map: code is loaded from the repository"] if auto else [])], "file list"
    )


def languages(repo: Repository) -> Answer | None:
    """Languages of the card's metadata."""
    return _fields(repo, "language")


def bom_file(repo: Repository) -> Answer | None:
    """A bill of materials in the repository."""
    return _named_files(
        repo, r".*(?:\.spdx(?:\.(?:json|rdf|ya?ml))?|\.cdx\.json|bom\.json|sbom[^/]*)"
    )


def technical_report(repo: Repository) -> Answer | None:
    """Links to papers."""
    rows = _lines(
        repo, r"https?://(?:arxiv\.org/(?:abs|pdf)|doi\.org|huggingface\.co/papers)/[\w./-]+"
    )
    return _answer(dict.fromkeys(t for _, t in rows), f"README.md:{rows[0][0]}") if rows else None


MOF_CLASS_III = {
    "architecture": "model architecture",
    "hashes": "final parameters",
    "intended_use": "model card",
    "data_card": "data card",
    "technical_report": "technical report",
    "evaluation": "evaluation results",
}
"""Answer → component that class III of the Model Openness Framework 1.0 asks for."""


def mof_class(repo: Repository) -> Answer | None:
    """How far the components of class III are there; their licenses are for a person."""
    missing = []
    for name, component in MOF_CLASS_III.items():
        try:
            found = globals()[name](repo)
        except Unavailable:
            found = None
        if found is None:
            missing.append(component)
    if missing:
        return Answer(
            (f"class III is not reached: no {', no '.join(missing)}",), "the answers above"
        )
    return Answer(("class III, if each component is under an open license",), "the answers above")


def report_formats(repo: Repository) -> Answer | None:
    """This report's own formats."""
    del repo
    return Answer(("HTML", "PDF/A-3a and PDF/UA-1", "Markdown", "JSON"), "this report")
