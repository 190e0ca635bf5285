"""One model against its possible parents: relations, recipe, controls, verdict, table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cardlint.findings import Json, NotChecked
from cardlint.weights import applied, mixture, relation, residue, samples, trace, verdict
from cardlint.weights.align import Aligned, Alignment, align
from cardlint.weights.direction import FROM_MODEL, FROM_PARENT, by_base
from cardlint.weights.evidence import (
    Comparison,
    Component,
    Control,
    Kind,
    Relation,
    Verdict,
)
from cardlint.weights.replay import search
from cardlint.weights.replay.explanation import Explanation, Problem
from cardlint.weights.sketch import Sketch

CONTROL_LIMIT = 0.9
"""Consistency from which a control explains the weights, so that the verdict is worth less."""


def compare(
    model: Sketch, parents: Sequence[Sketch], controls: Sequence[Sketch] = ()
) -> Comparison:
    """Hold a model against its possible parents.

    Args:
        model: the model under test.
        parents: possible parents, the base too if there is one; order does not matter.
        controls: models that should explain nothing, such as other fine-tunes of the base.
    """
    adapters = [p.delta for p in parents]
    if not all(adapters) if model.delta else any(adapters):
        return _with_adapters(model, parents, controls)
    everyone = align(model, [*parents, *controls])
    k = len(parents)
    alone = _only(everyone, range(k))
    relations = tuple(
        relation.relate(p.name, i, alone, everyone.transforms[i], _unmatched(everyone, i))
        for i, p in enumerate(parents)
    )
    relations = _directed(relations, alone)
    # A parent with a small part, or far from the others, may look like a shared origin only.
    related = [i for i, r in enumerate(relations) if r.kind.derived or r.kind is Kind.SHARED_INIT]
    problem = _problem(parents, _only(everyone, related), related)
    found = None
    if not any(r.kind in verdict.NEAR for r in relations) and len(related) > 1:
        found = search.explain(problem)
    tried = _controls(everyone, related, found, k) if found else ()
    said = _verdict(model.name, relations, problem, found, tried)
    return Comparison(
        model=model.name,
        parents=tuple(p.name for p in parents),
        verdict=said,
        relations=relations,
        components=_components(alone, related, problem, found, said),
        controls=tried,
        coverage=_coverage(model, alone),
        not_checked=_gaps(everyone, k),
    )


def _with_adapters(
    model: Sketch, parents: Sequence[Sketch], controls: Sequence[Sketch]
) -> Comparison:
    """An adapter against models, or a model against a base and the adapters merged into it."""
    if model.delta:
        relations = [applied.against(model, p) for p in parents]
        best = min(relations, key=lambda r: r.kind is not Kind.ADAPTER)
        said = Verdict(
            kind=best.kind,
            method=None,
            confidence=best.confidence,
            statement=f"{model.name} is an adapter; for {best.parent}: {best.note}.",
        )
        return Comparison(
            model=model.name,
            parents=tuple(p.name for p in parents),
            verdict=said,
            relations=tuple(relations),
            components=(),
            controls=(),
            coverage=_coverage(model, ()),
        )
    bases = [p for p in parents if not p.delta]
    adapters = [p for p in parents if p.delta]
    names = tuple(p.name for p in parents)
    if not bases:
        why = "an adapter says nothing without its base; give the base as a further parent"
        return Comparison(
            model=model.name,
            parents=names,
            verdict=verdict.not_comparable(model.name, names, why),
            relations=tuple(relation.not_comparable(n, why) for n in names),
            components=(),
            controls=(),
            coverage=_coverage(model, ()),
            not_checked=tuple(NotChecked(n, why) for n in names),
        )
    sums = [(a, q, s) for a in adapters for q in bases if (s := applied.laid_on(a, q))]
    found = compare(model, [*bases, *(s for _, _, s in sums)], controls)
    for adapter, base, _ in sums:
        told = applied.merged(model, base, adapter)
        if told:
            return replace(found, parents=tuple(p.name for p in parents), verdict=told)
    lost = [a for a in adapters if not any(a is used for used, _, _ in sums)]
    gaps = tuple(
        NotChecked(a.name, "the adapter does not fit any of the given bases") for a in lost
    )
    return replace(found, parents=names, not_checked=(*found.not_checked, *gaps))


def relate_all(model: Sketch, others: Sequence[Sketch]) -> tuple[Relation, ...]:
    """The relation of a model to each of several others, without looking for a recipe."""
    everyone = align(model, others)
    return tuple(
        relation.relate(
            p.name, i, everyone.tensors, everyone.transforms[i], _unmatched(everyone, i)
        )
        for i, p in enumerate(others)
    )


GAIN = 0.05
"""By how much a candidate must shrink what the declared parents leave, to be worth a recipe."""


def promising(
    model: Sketch, parents: Sequence[Sketch], candidates: Sequence[Sketch]
) -> list[list[Sketch]]:
    """Sets of candidates worth trying beside the parents, most promising first.

    A parent that took part in a merge, whatever the method, shrinks the least-squares residue.
    """
    if not candidates:
        return []
    everyone = align(model, [*parents, *candidates])
    k = len(parents)
    taken = samples.take(everyone.tensors)
    if not taken:
        return []
    x, p, _, _ = samples.join(taken)
    left = {c: residue.left_over(x, p[:, [*range(k), c]]) for c in range(k, p.shape[1])}
    alone = residue.left_over(x, p[:, :k]) if k else max(left.values())
    order = sorted((c for c in left if left[c] < (1 - GAIN) * alone or not k), key=left.__getitem__)
    picked = [candidates[c - k] for c in order]
    sets = [[s] for s in picked[:2]] if k else []
    sizes = [n for n in (2, 3, 4) if len(picked) >= n and k + n <= MAX_TOGETHER]
    return [*sets, *(picked[:n] for n in sizes)]


MAX_TOGETHER = 5
"""Parents that one recipe is looked for with."""


def _only(alignment: Alignment, parents: Sequence[int]) -> tuple[Aligned, ...]:
    """The tensors with these parents alone, in this order."""
    return tuple(
        replace(
            t,
            parents=tuple(t.parents[i] for i in parents),
            dtypes=(t.dtypes[0], *(t.dtypes[i + 1] for i in parents)),
            names=tuple(t.names[i] for i in parents),
        )
        for t in alignment.tensors
    )


def _problem(
    parents: Sequence[Sketch], tensors: Sequence[Aligned], which: Sequence[int]
) -> Problem:
    names = tuple(parents[i].name for i in which)
    if len(which) < 2:
        return Problem(names, (), ())
    computed = [samples.as_computed(t) for t in tensors]
    return Problem(names, tuple(samples.complete(computed)), tuple(samples.take(computed)))


def _unmatched(alignment: Alignment, i: int) -> int:
    """Tensors without a counterpart between the model and one parent."""
    name = alignment.parents[i].name
    return sum(
        1
        for u in alignment.unaligned
        if u.parent == i or (u.parent is None and u.why == f"only {name} has it")
    )


def _directed(relations: Sequence[Relation], tensors: Sequence[Aligned]) -> tuple[Relation, ...]:
    """Directions once more, now that a third model may serve as the common base."""
    out = list(relations)
    derived = [i for i, r in enumerate(relations) if r.kind in (Kind.FINETUNE, Kind.ADAPTER)]
    # Distances alone do not say which corner of a triangle is the oldest: growth must.
    bases = [q for q in derived if relations[q].direction == FROM_PARENT]
    for i in derived:
        for q in bases:
            if q == i:
                continue
            said = by_base(*_triangle(tensors, i, q))
            if said:
                out[i] = replace(out[i], direction=said[0], direction_confidence=said[1])
    return tuple(out)


def _triangle(tensors: Sequence[Aligned], i: int, q: int) -> tuple[float, float, float, float]:
    """‖R − Q‖², ‖P − Q‖², ‖R − P‖² and ‖P‖² − ‖Q‖² over the matrices."""
    model = parent = between = growth = 0.0
    for t in tensors:
        p, base = t.parents[i], t.parents[q]
        if p is None or base is None or not relation.is_matrix(t):
            continue
        a, b, c = t.x - base, p - base, t.x - p
        model += float(np.dot(a, a))
        parent += float(np.dot(b, b))
        between += float(np.dot(c, c))
        growth += float(np.dot(p, p)) - float(np.dot(base, base))
    return model, parent, between, growth


def _verdict(
    model: str,
    relations: Sequence[Relation],
    problem: Problem,
    found: Explanation | None,
    controls: Sequence[Control],
) -> Verdict:
    if found:
        return verdict.of_explanation(
            model,
            problem.names,
            found,
            elements=sum(t.x.size for t in problem.tensors),
            whole=all(t.whole for t in problem.tensors),
            controls_fail=all(c.failed for c in controls),
        )
    near = verdict.nearest(relations)
    said = verdict.of_relation(model, near)
    if near.kind in verdict.NEAR or sum(r.kind.derived for r in relations) < 2:
        return said
    left = residue.measure(problem)
    seen = trace.find(problem)
    if seen:
        return verdict.with_trace(said, model, problem.names, seen, left)
    younger = all(r.direction == FROM_MODEL for r in relations if r.kind.derived)
    if left and left.between and (left.closed or not younger):
        return verdict.with_residue(said, model, problem.names, left)
    return replace(said, residue=left.size if left else None)


def _controls(
    alignment: Alignment, related: Sequence[int], found: Explanation, k: int
) -> tuple[Control, ...]:
    """The same fit with each control in the place of the strongest parent."""
    used = sorted(found.coefficients, key=lambda i: -abs(found.coefficients[i].value))
    others = [related[i] for i in used[1:]] if used else list(related[1:])
    out = []
    for c in range(k, len(alignment.parents)):
        taken = [s.informative() for s in samples.take(_only(alignment, [c, *others]))]
        taken = [s for s in taken if len(s.x)]
        share = 0.0
        if taken:
            _, p, low, high = samples.join(taken)
            q = p[:, -1]
            share = mixture.fit(p[:, :-1] - q[:, None], low - q, high - q).consistency
        name = alignment.parents[c].name
        out.append(Control(name, share, failed=share < CONTROL_LIMIT))
    return tuple(out)


def _components(
    tensors: Sequence[Aligned],
    related: Sequence[int],
    problem: Problem,
    found: Explanation | None,
    said: Verdict,
) -> tuple[Component, ...]:
    """The table by component, layer and expert."""
    groups: dict[tuple[str, int | None, int | None], list[Aligned]] = {}
    for t in tensors:
        groups.setdefault((t.component, t.layer, t.expert), []).append(t)
    by_name = {s.tensor.canonical: s for s in problem.samples}
    rows = []
    for (component, layer, expert), members in groups.items():
        picked = [by_name[t.canonical] for t in members if t.canonical in by_name]
        if picked and len(related) > 1:
            alpha, cos_fit, share = _fit_group(picked, found, said)
        else:
            alpha, cos_fit, share = _pair_group(members)
        n = sum(t.x.size for t in members)
        rows.append(Component(component, layer, n, alpha, cos_fit, share, expert))
    return tuple(sorted(rows, key=lambda r: (-1 if r.layer is None else r.layer, r.component)))


def _fit_group(
    group: Sequence[samples.Sample], found: Explanation | None, said: Verdict
) -> tuple[float | None, float | None, float | None]:
    """α and cos_fit of the first parent against the mixture of the others, and consistency."""
    weights = [c.value for c in said.coefficients.values()]
    k = group[0].p.shape[1]
    if len(weights) != k or abs(sum(weights) - weights[0]) < 1e-9:
        weights = [1.0] + [0.0] * (k - 2) + [1.0]
    rest = np.array([0.0, *weights[1:]]) / (sum(weights) - weights[0])
    moved = []
    for s in group:
        q = s.p @ rest
        x, y = s.x - q, s.p[:, 0] - q
        moved.append((len(x), float(x @ x), float(y @ y), float(x @ y)))
    line = mixture.pooled(moved)
    if found and found.per_tensor:
        per = [found.per_tensor.get(s.tensor.canonical) for s in group]
        told = [p for p in per if p is not None]
        own = [a for a, _ in told if a is not None]
        return (
            float(np.mean(own)) if own else None,
            line.cos_fit,
            float(np.mean([share for _, share in told])) if told else None,
        )
    shares = [s.informative() for s in group]
    shares = [s for s in shares if len(s.x)]
    if not shares:
        return line.alpha, line.cos_fit, None
    _, p, low, high = samples.join(shares)
    q = p @ rest
    fit = mixture.fit(p[:, :1] - q[:, None], low - q, high - q)
    return line.alpha, line.cos_fit, fit.consistency


def _pair_group(members: Sequence[Aligned]) -> tuple[None, float | None, float | None]:
    """With one parent: the cosine and the share of identical elements."""
    moved, same, n = [], 0, 0
    for t in members:
        y = next((p for p in t.parents if p is not None), None)
        if y is None:
            continue
        a, b = t.x - t.x.mean(), y - y.mean()
        moved.append((t.x.size, float(a @ a), float(b @ b), float(a @ b)))
        same, n = same + int(np.count_nonzero(t.x == y)), n + t.x.size
    if not n:
        return None, None, None
    return None, mixture.pooled(moved).cos_fit, same / n


def _coverage(model: Sketch, tensors: Sequence[Aligned]) -> dict[str, Json]:
    c = model.coverage
    compared = sum(t.x.size for t in tensors)
    pairs: dict[str, Json] = {
        name: {"read": read, "of": of}
        for name, (read, of) in {
            "tensors": c.tensors,
            "elements": c.elements,
            "bytes": c.bytes,
            "layers": c.layers,
            "components": c.components,
        }.items()
    }
    return pairs | {"compared_tensors": len(tensors), "compared_elements": compared}


MAX_LISTED = 40
"""Tensors without a counterpart that are listed by name; the rest is counted."""


def _gaps(alignment: Alignment, k: int) -> tuple[NotChecked, ...]:
    """Everything that was not looked at, and why."""
    out = [
        NotChecked(s.name, gap) for s in (alignment.model, *alignment.parents[:k]) for gap in s.gaps
    ]
    out += [NotChecked("alignment", gap) for gap in alignment.gaps]
    lost = [u for u in alignment.unaligned if u.parent is None or u.parent < k]
    out += [
        NotChecked(
            u.canonical,
            u.why if u.parent is None else f"{alignment.parents[u.parent].name}: {u.why}",
        )
        for u in lost[:MAX_LISTED]
    ]
    if len(lost) > MAX_LISTED:
        out.append(NotChecked("tensors", f"{len(lost) - MAX_LISTED} more have no counterpart"))
    return tuple(out)
