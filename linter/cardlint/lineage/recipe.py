"""The models that a mergekit recipe names.

Source: mergekit's documentation ("Merge Configuration", "MoE merging"): ``models:``, ``slices:``
with ``sources:``, ``modules:`` of either, ``experts:`` with ``source_model:``, ``base_model:``; a
model is ``path``, ``path@revision``, ``path+lora`` or a map with ``model: {path, revision}`` and
``lora:``. A multi-stage file has several documents, whose ``name:`` later ones use as a model.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import yaml

from cardlint.errors import Malformed, OverBudget
from cardlint.findings import Location
from cardlint.lineage.declared import Declaration, Origin

MAX_NODES = 20_000
"""YAML nodes; a frankenmerge of 128 layers has about 2,000."""
MAX_NESTING = 32
MODEL_KEYS = frozenset({"model", "source_model", "base_model"})

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(text: str, path: str) -> Iterator[Declaration]:
    """The models of a recipe, once for each time that one is named.

    Raises:
        Malformed: it is not YAML.
        OverBudget: it is too large to be a recipe.
    """
    try:
        _bound(text, path)
        documents = [d for d in yaml.compose_all(text, Loader=_Loader) if d is not None]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        raise Malformed(f"{path}{where} is not YAML") from error
    pending = list(reversed(documents))
    seen: set[int] = set()
    while pending:
        node = pending.pop()
        if id(node) in seen:  # an alias: it was walked where it is anchored
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            pending.extend(reversed(node.value))
        elif isinstance(node, yaml.MappingNode):
            yield from _models(node, path)
            pending.extend(value for _, value in reversed(node.value))


def _bound(text: str, path: str) -> None:
    """Refuse what composing, which recurses, should not be given: events come one by one."""
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=_Loader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if number > MAX_NODES or depth > MAX_NESTING:
            raise OverBudget(f"{path} is too large or too deep for a merge recipe")


def _models(node: Any, path: str) -> Iterator[Declaration]:
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.value not in MODEL_KEYS:
            continue
        weight = None if key.value == "base_model" else _weight(node)
        if isinstance(value, yaml.ScalarNode):
            yield from _reference(value, weight, path)
        elif isinstance(value, yaml.MappingNode):
            inner = _child(_child(value, "model"), "path")
            if isinstance(inner, yaml.ScalarNode):
                yield from _reference(inner, weight, path)


def _reference(node: Any, weight: float | None, path: str) -> Iterator[Declaration]:
    from cardlint.lineage.statements import as_id

    model, _, lora = node.value.partition("+")
    for written in (model, lora):
        name, _, revision = written.partition("@")
        id_ = as_id(name)
        if id_:
            begin, end = node.start_mark, node.end_mark
            where = Location(path, begin.line + 1, begin.column + 1, end.line + 1, end.column + 1)
            yield Declaration(id_, "merge", revision or None, Origin.MERGEKIT, where, weight)


def _child(node: Any, key: str) -> Any:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((v for k, v in node.value if getattr(k, "value", None) == key), None)


def _weight(node: Any) -> float | None:
    """``parameters.weight`` where it is one number; a gradient or a filter list has no one value."""
    weight = _child(_child(node, "parameters"), "weight")
    if not isinstance(weight, yaml.ScalarNode):
        return None
    try:
        value = float(weight.value)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
