"""``--weights full``: every element of a model and its parents, streamed.

Nothing is kept but sums (:mod:`cardlint.weights.moments`), so memory does not grow with the models.
Chunks are summed by threads (numpy lets go of the interpreter); what is finished is written to a
file, so that a scan that was stopped goes on where it was.
"""

from __future__ import annotations

import json
import math
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cardlint.errors import Malformed, NotFound
from cardlint.source.interface import Source
from cardlint.weights.arrange import arrange
from cardlint.weights.checkpoint import Checkpoint, open_checkpoint
from cardlint.weights.counterpart import Counterpart
from cardlint.weights.formats.interface import Plain
from cardlint.weights.invariants import mapped
from cardlint.weights.moments import Moments, empty, moments
from cardlint.weights.names import Part, canonical
from cardlint.weights.read import fetch, readable, sketch
from cardlint.weights.runs import span
from cardlint.weights.sketch import Tensor

CHUNK = 1 << 21
"""Elements of a tensor that one thread sums at a time."""
HELD = 48 << 20
"""Elements of all models that all threads together hold at most: under 400 MB with what sums need."""
SCATTERED = 1 << 24
"""Elements of a tensor whose rows stand apart in the file; larger ones are left out, and named."""

Progress = Callable[[int, int], None]
"""(bytes read, bytes of all) → nothing; called from the caller's thread."""


@dataclass(frozen=True, slots=True)
class Scan:
    """Every common element of a model and its parents, summed by tensor."""

    tensors: Mapping[str, tuple[Tensor, Moments]]
    left_out: Mapping[str, str]
    """Canonical name → why it was not compared."""
    elements: tuple[int, int]
    """Compared, of the model's."""
    rearranged: tuple[bool, ...] = ()
    """For each parent: its units are in another order, so that its sums mean nothing."""


@dataclass
class _Job:
    """One tensor of the model with its counterparts."""

    part: Part
    others: list[Part]
    length: int
    """Elements that all have: vocabularies may differ."""
    total: Moments
    waiting: int = 0
    cost: int = 0


@dataclass
class _Files:
    """An opened model."""

    source: Source
    checkpoint: Checkpoint
    parts: dict[str, Part]


def scan(
    model: Source,
    parents: Sequence[Source],
    *,
    recipe: Sequence[float] | None = None,
    progress: Progress | None = None,
    state: Path | None = None,
) -> Scan:
    """Compare every element.

    Layers are laid on each other as the sampled comparison finds them; hidden units, neurons and
    heads in another order are not (their tensors are compared as they are).

    Args:
        model: the model under test.
        parents: at least one.
        recipe: the coefficient of each parent, to be replayed to the bit.
        progress: told after every chunk.
        state: a folder that keeps what is finished, until all is.

    Raises:
        Unavailable: one of them cannot be read.
    """
    opened = [_open(source) for source in (model, *parents)]
    found = _counterparts(model, parents)
    left_out: dict[str, str] = {}
    jobs = list(_jobs(opened, found, left_out))
    kept = _State(state, _identity(opened, recipe), len(parents))
    everything = sum(j.cost for j in jobs)
    done = 0
    result: dict[str, tuple[Tensor, Moments]] = {}
    for job in jobs:
        name = job.part.tensor.canonical
        if name in kept.finished:
            result[name] = (job.part.tensor, kept.finished[name])
            done += job.cost
    if progress:
        progress(done, everything)
    todo = [j for j in jobs if j.part.tensor.canonical not in result]
    for job, cost in _work(opened, todo, recipe):
        done += cost
        if progress:
            progress(done, everything)
        if job.waiting == 0:
            result[job.part.tensor.canonical] = (job.part.tensor, job.total)
            kept.add(job.part.tensor.canonical, job.total)
    total = sum(math.prod(p.tensor.shape) for p in opened[0].parts.values())
    compared = sum(m.n for _, m in result.values())
    kept.close()
    return Scan(result, left_out, (compared, total), tuple(bool(c.steps) for c in found))


def _open(source: Source) -> _Files:
    checkpoint = open_checkpoint(source)
    named = canonical(checkpoint.stored, checkpoint.config)
    parts = readable(named, [])
    if not parts:
        raise NotFound(f"{source.identity.location} has no weights that can be decoded")
    return _Files(source, checkpoint, parts)


def _counterparts(model: Source, parents: Sequence[Source]) -> list[Counterpart]:
    """Layer maps, from small samples."""
    mine = sketch(model, budget=2 << 20)
    return [arrange(mine, sketch(parent, budget=2 << 20)) for parent in parents]


def _jobs(
    opened: Sequence[_Files], found: Sequence[Counterpart], left_out: dict[str, str]
) -> Iterator[_Job]:
    model, *parents = opened
    for name, part in model.parts.items():
        others: list[Part] = []
        length = math.prod(part.tensor.shape)
        for files, counterpart in zip(parents, found, strict=True):
            theirs = mapped(part.tensor, counterpart.layers)
            other = files.parts.get(theirs) if theirs else None
            if other is None:
                left_out[name] = "a parent has no such tensor"
                break
            if other.tensor.shape != part.tensor.shape and not counterpart.resizable(
                part.tensor, other.tensor
            ):
                left_out[name] = f"a parent's shape is {list(other.tensor.shape)}"
                break
            length = min(length, math.prod(other.tensor.shape))
            others.append(other)
        else:
            every = [part, *others]
            if any(_scattered(p) for p in every) and length > SCATTERED:
                left_out[name] = "its rows stand apart in the file"
                continue
            share = [p.storage.nbytes / max(math.prod(p.storage.shape), 1) for p in every]
            yield _Job(part, others, length, empty(len(parents)), cost=round(length * sum(share)))


def _scattered(part: Part) -> bool:
    return part.view.dims[-1][1] != 1


def _work(
    opened: Sequence[_Files], jobs: Sequence[_Job], recipe: Sequence[float] | None
) -> Iterator[tuple[_Job, int]]:
    """Sum all chunks; yields after each what it belonged to and what it cost."""
    threads = min(os.cpu_count() or 1, 16)
    chunk = min(CHUNK, HELD // (4 * threads * len(opened)))
    pool = ThreadPoolExecutor(threads)
    running: deque[tuple[_Job, int, Future[Moments]]] = deque()

    def finish() -> tuple[_Job, int]:
        job, cost, future = running.popleft()
        job.total += future.result()
        job.waiting -= 1
        return job, cost

    try:
        for job in jobs:
            step = job.length if any(_scattered(p) for p in (job.part, *job.others)) else chunk
            starts = range(0, job.length, step)
            job.waiting = len(starts)
            for start in starts:
                count = min(step, job.length - start)
                cost = round(job.cost * count / job.length)
                running.append((job, cost, pool.submit(_chunk, opened, job, start, count, recipe)))
                if len(running) > 4 * threads:  # only what runs holds numbers; the rest waits
                    yield finish()
        while running:
            yield finish()
    finally:
        pool.shutdown(cancel_futures=True)


def _chunk(
    opened: Sequence[_Files], job: _Job, start: int, count: int, recipe: Sequence[float] | None
) -> Moments:
    numbers = [
        _numbers(files.source, part, start, count)
        for files, part in zip(opened, (job.part, *job.others), strict=True)
    ]
    return moments(numbers[0], numbers[1:], recipe, job.part.tensor.dtype)


def _numbers(source: Source, part: Part, start: int, count: int) -> npt.NDArray[Any]:
    """The elements; of bfloat16 in one piece its bits, which are decoded later block by block."""
    if isinstance(part.storage, Plain) and part.tensor.dtype == "BF16" and part.view.contiguous:
        (wanted,) = part.storage.ranges(part.view.offset + start, count)
        return np.frombuffer(source.read_ranges([wanted])[0], "<u2")
    pieces = list(part.view.pieces(start, count))
    spans = [(at, span(stride, number), stride) for at, stride, number in pieces]
    needs = [part.storage.ranges(at, length) for at, length, _ in spans]
    data = fetch(source, [r for need in needs for r in need])
    values = []
    at = 0
    for (first, length, stride), need in zip(spans, needs, strict=True):
        mine = data[at : at + len(need)]
        at += len(need)
        values.append(part.storage.decode(first, length, mine)[::stride])
    return values[0] if len(values) == 1 else np.concatenate(values)


def _identity(opened: Sequence[_Files], recipe: Sequence[float] | None) -> str:
    """What a state file must be of, to be taken up."""
    said = [
        [f.source.identity.location, f.source.identity.commit, sorted(f.checkpoint.files.items())]
        for f in opened
    ]
    text = json.dumps([said, list(recipe or ())], sort_keys=True, default=dict)
    return sha256(text.encode()).hexdigest()


@dataclass
class _State:
    """The tensors that are finished, one JSON line each, in a file that is named after the scan."""

    folder: Path | None
    identity: str
    parents: int
    finished: dict[str, Moments] = field(default_factory=dict)

    @property
    def path(self) -> Path | None:
        return self.folder / f"scan-{self.identity[:32]}.jsonl" if self.folder else None

    def __post_init__(self) -> None:
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lines = self.path.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            lines = []
        for line in lines:
            try:
                name, found = _restore(json.loads(line), self.parents)
            except (ValueError, KeyError, TypeError, Malformed):
                break  # the line at which the scan was stopped
            self.finished[name] = found
        rows = [self._line(name, found) + "\n" for name, found in self.finished.items()]
        self.path.write_text("".join(rows), "utf-8")

    def close(self) -> None:
        """All is finished: nothing to keep."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def add(self, name: str, found: Moments) -> None:
        """Keep a finished tensor."""
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(self._line(name, found) + "\n")

    def _line(self, name: str, found: Moments) -> str:
        return json.dumps(
            {
                "tensor": name,
                "n": found.n,
                "sums": found.sums.tolist(),
                "gram": found.gram.tolist(),
                "identical": found.identical,
                "replayed": found.replayed,
            }
        )


def _restore(row: dict[str, Any], parents: int) -> tuple[str, Moments]:
    sums, gram = np.array(row["sums"], np.float64), np.array(row["gram"], np.float64)
    size = parents + 1
    if sums.shape != (size,) or gram.shape != (size, size) or len(row["identical"]) != parents:
        raise Malformed("a line of another scan")
    identical = tuple(int(n) for n in row["identical"])
    return str(row["tensor"]), Moments(int(row["n"]), sums, gram, identical, int(row["replayed"]))
