"""The measurements: each returns a table of cases with what was expected and what was said."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np

from cardlint.source.local import LocalFolder
from cardlint.weights import samples
from cardlint.weights.align import align
from cardlint.weights.compare import compare
from cardlint.weights.evidence import Comparison, Kind
from cardlint.weights.read import sketch
from cardlint.weights.rounding import cell
from cardlint.weights.sketch import Sketch
from tests.accuracy.family import SHARED_INIT, Model, origins
from tests.kit.weights import Array, llama_shapes, rounded, write_safetensors

ALPHA = 1e-3
"""|Δα| up to which a linear merge counts as recovered."""


@dataclass(frozen=True, slots=True)
class Case:
    """One comparison."""

    group: str
    name: str
    right: bool
    said: str
    accusation: bool = False
    """A merge or a derivation was claimed where there is none."""
    figure: float | None = None


@dataclass
class Table:
    """Cases of one kind of question."""

    title: str
    cases: list[Case] = field(default_factory=list)
    unit: str = ""
    """What ``figure`` is."""

    @property
    def accusations(self) -> int:
        """False ones."""
        return sum(c.accusation for c in self.cases)

    def text(self, *, every: bool) -> str:
        """Right of all by group; the cases that are not right below."""
        lines = [f"\n{self.title}"]
        groups: dict[str, list[Case]] = {}
        for case in self.cases:
            groups.setdefault(case.group, []).append(case)
        for name, cases in groups.items():
            right = sum(c.right for c in cases)
            wrong = sum(c.accusation for c in cases)
            figures = [c.figure for c in cases if c.figure is not None]
            more = f"  largest {self.unit} {max(figures):.2g}" if figures else ""
            false = f"  false accusations {wrong}"
            lines.append(
                f"  {name:<34} {right:>5} of {len(cases):<5} {right / len(cases):>7.3f}{false}{more}"
            )
        shown = [c for c in self.cases if c.accusation or (every and not c.right)]
        lines += [
            f"    {'!' if c.accusation else '-'} {c.group}: {c.name}: {c.said}" for c in shown
        ]
        return "\n".join(lines)


@cache
def read(path: Path, name: str) -> Sketch:
    """A model's sketch, read once."""
    return sketch(LocalFolder(path), name=name)


def against(models: Mapping[str, Model], model: str, parents: Sequence[str]) -> Comparison:
    """One comparison of models of the family."""
    everyone = [read(models[m].path, m) for m in (model, *parents)]
    return compare(everyone[0], everyone[1:])


def pairs(models: Mapping[str, Model], limit: int = 0) -> Table:
    """Every ordered pair: is it told whether one comes from the other's line? And which came first?"""
    table = Table("ordered pairs: relation and direction")
    names = [n for n in models if ":" not in n]
    chosen = [(a, b) for a in names for b in names if a != b]
    if limit and len(chosen) > limit:
        chosen = chosen[:: -(-len(chosen) // limit)]
    for a, b in chosen:
        relation = against(models, a, [b]).relations[0]
        mine, theirs = origins(models, a), origins(models, b)
        said = f"{relation.kind} {relation.similarity:.3f} {relation.direction}"
        derived = relation.kind.derived
        if mine & theirs:
            group = f"related ({models[a].kind if models[a].kind == 'disguise' else 'plain'})"
            table.cases.append(Case(group, f"{a} {b}", derived, said))
        elif mine | theirs <= SHARED_INIT:
            right = relation.kind is Kind.SHARED_INIT
            table.cases.append(Case("shared initialization", f"{a} {b}", right, said, derived))
        else:
            right = relation.kind is Kind.UNRELATED
            table.cases.append(Case("unrelated", f"{a} {b}", right, said, derived))
        table.cases.extend(_direction(models, a, b, relation.direction))
    return table


def _direction(models: Mapping[str, Model], a: str, b: str, said: str) -> Iterator[Case]:
    up, down = models[a].parents == (b,), models[b].parents == (a,)
    if "finetune" not in models[a].kind * up + models[b].kind * down:
        return
    want = "model-from-parent" if up else "parent-from-model"
    if said == "unknown":
        yield Case("direction (left open)", f"{a} {b}", right=True, said=said)
    else:
        yield Case("direction (told)", f"{a} {b}", said == want, said)


def merges(models: Mapping[str, Model]) -> Table:
    """Every merge against all that its recipe needs: kind, method, coefficients."""
    table = Table("merges against their parents: merge, method, |Δα| of linear ones", unit="|Δα|")
    for name, m in models.items():
        if m.kind != "merge":
            continue
        found = against(models, name, _present(models, m.given))
        said = found.verdict
        text = f"{said.kind} {said.method} {said.confidence} {dict(said.parameters)}"[:160]
        table.cases.append(Case("called a merge", name, said.kind is Kind.MERGE, text))
        table.cases.append(Case("method named", name, said.method == m.method, text))
        right = not said.missing_parent
        table.cases.append(Case("nothing said to be missing", name, right, text))
        if m.method == "linear" and m.weights:
            total = sum(w for _, w in m.weights)
            whole = total if said.parameters.get("normalize", True) else 1.0
            off = max(
                abs(said.coefficients[p].value - w / whole) if p in said.coefficients else 1.0
                for p, w in m.weights
            )
            replay = said.replay or 0.0
            table.cases.append(
                Case("linear: |Δα| ≤ 0.001", name, off <= ALPHA, f"{off:.4f}", figure=off)
            )
            table.cases.append(
                Case("linear: replay ≥ 0.999", name, replay >= 0.999, f"{replay:.4f}")
            )
    return table


def _present(models: Mapping[str, Model], names: Sequence[str]) -> list[str]:
    return [n for n in names if n in models]


def missing(models: Mapping[str, Model]) -> Table:
    """Every merge with one parent left out, the base of the line in its place."""
    table = Table("merges with one parent left out")
    for name, m in models.items():
        if m.kind != "merge" or m.method == "passthrough":
            continue
        for left_out in m.parents:
            given = [p for p in m.given if p != left_out]
            if "A" not in given and left_out != "A":
                given.append("A")
            if len(given) < 2:
                continue
            found = against(models, name, _present(models, given))
            said = found.verdict
            text = f"without {left_out}: {said.kind} {said.method} missing {said.missing_parent}"
            claimed = said.kind is Kind.MERGE and not said.missing_parent
            table.cases.append(
                Case("said that something is missing", name, said.missing_parent, text)
            )
            table.cases.append(Case("no recipe claimed without it", name, not claimed, text))
            if _within_rounding(models, name, _present(models, given)):
                group = "of these: a given parent, rounded"
                table.cases.append(Case(group, name, said.missing_parent, text))
    return table


def _within_rounding(models: Mapping[str, Model], name: str, given: Sequence[str]) -> bool:
    """Whether the model is some given parent but for one rounding: no other part can be seen.

    99.9 % of the elements are at most one step of their number format away, and no smaller number
    tells more: a part that would show in small numbers is not there.
    """
    aligned = align(read(models[name].path, name), [read(models[g].path, g) for g in given])
    for i in range(len(given)):
        near = total = 0
        for t in samples.complete(aligned.tensors):
            p = t.parents[i]
            if p is not None:
                low, high = cell(t.x, t.dtypes[0] or "")
                near += int(np.count_nonzero(np.abs(t.x - p) <= 1.01 * (high - low)))
                total += t.x.size
        if total and near >= 0.999 * total:
            return True
    return False


def trainings(models: Mapping[str, Model]) -> Table:
    """Models really trained, against their parent and one more: what a notice is worth."""
    table = Table("real trainings beside their parent: no merge, nothing said to be missing")
    made = [n for n in models if n.startswith("trained:")]
    family = [n for n, m in models.items() if m.kind in ("base", "finetune") and ":" not in n]
    for name in made:
        parent = next(
            p
            for p in (f"trained:{models[name].parents[0]}", models[name].parents[0])
            if p in models
        )
        line = [n for n in family if origins(models, n) == {"A"}]
        close = [n for n in made if models[n].parents == models[name].parents]
        for other in (*line, *close):
            if other in (name, parent):
                continue
            said = against(models, name, [parent, other]).verdict
            text = f"{said.kind} {said.method} missing {said.missing_parent} {said.statement[:90]}"
            wrong = said.kind is Kind.MERGE
            what = "one of the same parent" if other in made else "a model of the family"
            table.cases.append(
                Case(f"no merge, beside {what}", f"{name} {parent} {other}", not wrong, text, wrong)
            )
            table.cases.append(
                Case(
                    f"nothing missing, beside {what}",
                    f"{name} {parent} {other}",
                    not said.missing_parent,
                    text,
                )
            )
    return table


def no_merges(models: Mapping[str, Model]) -> Table:
    """Models that are no merges, against every pair of their relatives and some strangers."""
    table = Table("no merges, against every two of their line")
    plain = [n for n, m in models.items() if m.kind in ("base", "finetune") and ":" not in n]
    tuned = {
        n
        for n, m in models.items()
        if any(models[p].kind == "merge" for p in m.parents if p in models)
    }
    for name in plain:
        if name in tuned:
            continue
        for two in combinations([n for n in plain if n != name and n not in tuned], 2):
            said = against(models, name, two).verdict
            wrong = said.kind is Kind.MERGE
            text = f"{said.kind} {said.method} {said.statement[:90]}"
            table.cases.append(Case("not called a merge", f"{name} {two}", not wrong, text, wrong))
            true = set(models[name].parents) & set(two)
            if true:
                right = not said.missing_parent
                table.cases.append(
                    Case("nothing missing beside the parent", f"{name} {two}", right, text)
                )
    return table


def trained(models: Mapping[str, Model]) -> Table:
    """Merges that were trained on, against the parents of the merge."""
    table = Table("trained after the merge, against the merge's parents")
    for name, m in models.items():
        for p in m.parents:
            if m.kind == "merge" or p not in models or models[p].kind != "merge":
                continue
            said = against(models, name, _present(models, models[p].given)).verdict
            right = said.kind is not Kind.MERGE and (said.residue or 0) > 0
            table.cases.append(
                Case("residue reported, no pure merge", name, right, said.statement[:120])
            )
    return table


DISTANCES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.03, 0.1, 0.3, 1.0)


def distances(seeds: int = 2) -> Table:
    """Linear merges at every distance of the parents, relative to the weights."""
    table = Table("linear merges by relative distance of the parents", unit="|Δα|")
    for distance in DISTANCES:
        for seed in range(seeds):
            rng = np.random.default_rng((seed, int(1e5 * distance)))
            alpha = float(np.round(rng.uniform(0.05, 0.95), 3))
            model, p, q = _blend(rng, distance, alpha, both=bool(seed % 2))
            said = compare(model, [p, q]).verdict
            off = abs(said.coefficients["P"].value - alpha) if "P" in said.coefficients else 1.0
            right = said.kind is Kind.MERGE and off <= ALPHA
            text = f"true {alpha} said {said.kind} {said.method} {off:.5f}"
            table.cases.append(
                Case(f"distance {distance}", f"seed {seed}", right, text, figure=off)
            )
    return table


SHAPES = llama_shapes(hidden=128, layers=3, vocab=256)


def _blend(
    rng: np.random.Generator, distance: float, alpha: float, *, both: bool, after: float = 0.0
) -> tuple[Sketch, Sketch, Sketch]:
    """R = α P + (1 − α) Q; ``both``: P and Q are two fine-tunes, else Q is P's base."""
    tensors: dict[str, dict[str, Array]] = {"R": {}, "P": {}, "Q": {}}
    for name, shape in SHAPES.items():
        base = (rng.standard_normal(shape) * 0.02 + (len(shape) == 1)).astype(np.float32)
        part = distance / 2**0.5 if both else distance
        moved = [
            rng.standard_normal(shape).astype(np.float32) * np.float32(0.02 * part) for _ in (0, 1)
        ]
        p = rounded(base + moved[0], "BF16")
        q = rounded(base + moved[1] if both else base, "BF16")
        r = rounded(np.float32(alpha) * p + np.float32(1 - alpha) * q, "BF16")
        if after:
            step = rng.standard_normal(shape).astype(np.float32) * np.float32(
                0.02 * distance * after
            )
            r = rounded(r + step, "BF16")
        for key, x in (("R", r), ("P", p), ("Q", q)):
            tensors[key][name] = x
    return _sketch("R", tensors["R"]), _sketch("P", tensors["P"]), _sketch("Q", tensors["Q"])


def _sketch(name: str, tensors: Mapping[str, Array]) -> Sketch:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        write_safetensors(Path(folder, "model.safetensors"), tensors)
        return sketch(LocalFolder(Path(folder)), name=name)


def training_after() -> Table:
    """Training after the merge, by its size relative to what the parents differ by."""
    table = Table("training after a merge, by size relative to the parents' difference")
    for distance in (0.01, 0.1):
        for after in (0.0, 0.01, 0.02, 0.05, 0.1):
            rng = np.random.default_rng((int(1e4 * distance), int(1e3 * after)))
            said = compare(*_split(_blend(rng, distance, 0.6, both=False, after=after))).verdict
            pure = said.kind is Kind.MERGE
            right = pure == (after == 0.0)
            text = f"{said.kind} {said.method} consistency {said.consistency}"
            table.cases.append(
                Case(f"size {after}", f"distance {distance}", right, text, pure and not right)
            )
    return table


def _split(three: tuple[Sketch, Sketch, Sketch]) -> tuple[Sketch, list[Sketch]]:
    return three[0], [three[1], three[2]]


def modeldna(models: Mapping[str, Model], python: Path) -> Table:
    """What modelDNA 0.1.0 says of the linear merges and of the pairs of unrelated models."""
    table = Table("modelDNA 0.1.0 on the same merges", unit="|Δα|")
    tool = python.with_name("modeldna")
    for name, m in models.items():
        if m.kind != "merge" or m.method != "linear" or len(m.weights) != 2:
            continue
        total = sum(w for _, w in m.weights)
        paths = [str(models[p].path) for p, _ in m.weights if p in models]
        run = subprocess.run(
            [tool, "decompose", str(m.path), *paths, "--json"],
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        try:
            data = json.loads(run.stdout)
            shares = {Path(k).name: float(v) for k, v in data["alphas"].items()}
            off = abs(shares[m.weights[0][0]] - m.weights[0][1] / total)
            table.cases.append(
                Case("linear: |Δα| ≤ 0.001", name, off <= ALPHA, f"{shares}", figure=off)
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            why = (run.stderr or run.stdout).strip().replace("\n", " ")[-120:]
            table.cases.append(
                Case("linear: |Δα| ≤ 0.001", name, right=False, said=f"no answer: {why}")
            )
    return table
