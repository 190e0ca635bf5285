"""``--weights full``: the figures of a comparison, taken over every element instead of a sample.

The sample says what to look for (layer map, recipe); the scan then counts. Verdict and confidence
stay those of the sample, with the share of all elements that the recipe gives to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cardlint.findings import Json, NotChecked
from cardlint.source.interface import Source
from cardlint.weights.checkpoint import open_checkpoint
from cardlint.weights.evidence import Comparison, Component, Relation
from cardlint.weights.full import Progress, Scan, scan
from cardlint.weights.moments import Moments, empty
from cardlint.weights.plan import is_vector

Group = tuple[str, int | None, int | None]


def confirm(
    said: Comparison,
    model: Source,
    parents: Sequence[Source],
    *,
    progress: Progress | None = None,
    state: Path | None = None,
) -> Comparison:
    """Replace the sampled figures of a comparison by those of all elements.

    Args:
        said: the comparison of sketches of these models, in the same order.
        model: the model under test.
        parents: its parents.
        progress: told after every chunk: bytes read, bytes of all.
        state: a folder that keeps what is finished, so that a stopped scan goes on.

    Raises:
        Unavailable: one of the models cannot be read.
    """
    if any(open_checkpoint(source).format == "adapter" for source in (model, *parents)):
        gap = NotChecked("every element", "an adapter is laid on its base in a sample only")
        return replace(said, not_checked=(*said.not_checked, gap))
    recipe = _recipe(said)
    found = scan(model, parents, recipe=recipe, progress=progress, state=state)
    groups = _groups(found, len(parents))
    relations = tuple(
        relation if found.rearranged[i] else _measured(relation, i, groups)
        for i, relation in enumerate(said.relations)
    )
    gaps = [
        NotChecked(
            f"every element of {p}",
            "its units are in another order; the figures are those of the sample",
        )
        for p, moved in zip(said.parents, found.rearranged, strict=True)
        if moved
    ]
    gaps += [NotChecked(name, why) for name, why in list(found.left_out.items())[:40]]
    total = _sum(groups, len(parents))
    verdict = said.verdict
    if recipe and total.n:
        verdict = replace(verdict, replay=total.replayed / total.n)
    return replace(
        said,
        verdict=verdict,
        relations=relations,
        components=tuple(
            _component(row, groups, replayed=recipe is not None) for row in said.components
        ),
        coverage=_coverage(said, found),
        not_checked=(*said.not_checked, *gaps),
    )


def _coverage(said: Comparison, found: Scan) -> dict[str, Json]:
    """What the scan has read, of as much as the sample knows of."""
    tensors = [tensor for tensor, _ in found.tensors.values()]
    read = {
        "tensors": len(tensors),
        "elements": found.elements[0],
        "layers": len({t.layer for t in tensors if t.layer is not None}),
        "components": len({t.component for t in tensors}),
    }
    coverage = dict(said.coverage)
    for name, count in read.items():
        known = coverage.get(name)
        coverage[name] = {"read": count, "of": known["of"] if isinstance(known, dict) else count}
    known = coverage.get("bytes")
    if isinstance(known, dict) and isinstance(known["of"], int):
        share = found.elements[0] / max(found.elements[1], 1)
        coverage["bytes"] = {"read": round(share * known["of"]), "of": known["of"]}
    coverage["compared_elements"] = found.elements[0]
    coverage["compared_tensors"] = len(tensors)
    return coverage


def _recipe(said: Comparison) -> list[float] | None:
    """The coefficient of each parent, where the verdict is a blend of them."""
    parts = said.verdict.coefficients
    if said.verdict.method != "linear" or not set(parts) <= set(said.parents):
        return None
    return [parts[p].value if p in parts else 0.0 for p in said.parents]


def _groups(found: Scan, parents: int) -> dict[Group, Moments]:
    """Sums by component, layer and expert."""
    result: dict[Group, Moments] = {}
    for tensor, sums in found.tensors.values():
        key = (tensor.component, tensor.layer, tensor.expert)
        result[key] = result.get(key, empty(parents)) + sums
    return result


def _sum(groups: Mapping[Group, Moments], parents: int) -> Moments:
    total = empty(parents)
    for sums in groups.values():
        total += sums
    return total


def _measured(relation: Relation, i: int, groups: Mapping[Group, Moments]) -> Relation:
    """Similarity, distance and identical share over all elements of matrices."""
    matrices = [sums for (component, _, _), sums in groups.items() if not is_vector(component)]
    count = sum(m.n for m in matrices)
    if not count:
        return relation
    xy, xx, yy, difference, length = (
        sum(part) for part in zip(*(m.parts(i) for m in matrices), strict=True)
    )
    return replace(
        relation,
        similarity=xy / (xx * yy) ** 0.5 if xx > 0 and yy > 0 else 0.0,
        distance=(max(difference, 0.0) / length) ** 0.5 if length > 0 else 0.0,
        identical=sum(m.identical[i] for m in matrices) / count,
    )


def _component(row: Component, groups: Mapping[Group, Moments], *, replayed: bool) -> Component:
    """A row of the table: how many elements, and what share of them the recipe gives to the bit.

    The coefficient stays that of the sample: its estimator knows of rounding, a sum does not.
    """
    sums = groups.get((row.component, row.layer, row.expert))
    if sums is None or not sums.n or not replayed:
        return row
    return replace(row, n=sums.n, consistency=sums.replayed / sums.n)
