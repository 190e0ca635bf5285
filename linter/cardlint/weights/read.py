"""From a repository to a sketch: the planned elements, read in few requests and decoded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from cardlint.errors import Malformed, NotFound
from cardlint.source.interface import Range, Source
from cardlint.weights.checkpoint import Checkpoint, open_checkpoint
from cardlint.weights.dtypes import FLOATS
from cardlint.weights.formats.interface import Data, Plain, Storage
from cardlint.weights.invariants import is_sinusoid
from cardlint.weights.names import Named, Part, canonical, elements
from cardlint.weights.plan import WHOLE, Run, plan
from cardlint.weights.runs import span as spread
from cardlint.weights.sketch import Block, Coverage, Sketch

BUDGET = 64 << 20
"""Bytes of weights that are read of one model, if nothing else is said."""
REQUESTS = 1024
"""Ranges that are read of one model: each is a request where the model is remote."""
NEAR = 64 << 10
"""Ranges of one file with at most so many bytes between them are read as one."""
ONE_READ = 4 << 20
"""Bytes of one request at most, and of what is held undecoded."""
SPAN = 1 << 20
"""Bytes that may be read for one run of which the elements stand apart (transposed matrices)."""

LOST = frozenset({
    "header-unreadable", "offsets-outside", "size-mismatch", "unknown-dtype", "not-here",
    "index-missing-file", "index-path", "shards-missing", "too-many-shards", "too-many-tensors",
    "headers-too-long", "more",
})  # fmt: skip
"""Problems because of which tensors are missing from a sketch."""
Floats = npt.NDArray[np.floating]


def sketch(
    source: Source,
    *,
    budget: int = BUDGET,
    requests: int = REQUESTS,
    name: str | None = None,
) -> Sketch:
    """Read a model's headers and the sampled elements of its tensors.

    Args:
        source: the repository.
        budget: bytes of weights that are read at most (headers come on top).
        requests: ranges that are read at most.
        name: what the model is called in results; its id or place if not given.

    Raises:
        Unavailable: there are no weights that can be looked at, or they cannot be had.
    """
    checkpoint = open_checkpoint(source)
    lost = [p.message for p in checkpoint.problems if p.code in LOST]
    if lost and not checkpoint.stored:
        raise NotFound(lost[0], remedy="Upload or fetch the weight files again.")
    named = canonical(checkpoint.stored, checkpoint.config)
    gaps = [*lost, *checkpoint.gaps, *named.gaps]
    parts = readable(named, gaps)
    if max(checkpoint.nbytes, 2 * checkpoint.elements) <= min(budget, WHOLE):
        blocks = dict(_whole(source, parts, gaps))
    else:
        blocks = _sampled(source, parts, _Purse(budget, requests), gaps)
    gaps += _odd_values(blocks.values())
    tensors = {key: part.tensor for key, part in named.parts.items()}
    for key in [key for key, block in blocks.items() if _is_table(block)]:
        tensors[key] = replace(tensors[key], fixed=True)
        blocks[key] = replace(blocks[key], tensor=tensors[key])
    identity = source.identity
    return Sketch(
        name=name or identity.repo_id or identity.location,
        repo_id=identity.repo_id,
        commit=identity.commit,
        files=checkpoint.files,
        tensors=tensors,
        blocks=blocks,
        coverage=_coverage(checkpoint, named, blocks),
        config=checkpoint.config,
        gaps=tuple(gaps),
        delta=checkpoint.format == "adapter",
        format=checkpoint.format,
    )


def readable(named: Named, gaps: list[str]) -> dict[str, Part]:
    """The parts whose numbers can be decoded and may say something."""
    good: dict[str, Part] = {}
    undecoded: dict[str, list[str]] = {}
    for key, part in named.parts.items():
        storage = part.storage
        if isinstance(storage, Plain) and storage.dtype not in FLOATS:
            if not part.tensor.fixed:
                undecoded.setdefault(storage.dtype, []).append(key)
        elif not part.tensor.fixed and elements(part.tensor):
            good[key] = part
    for dtype, keys in undecoded.items():
        gaps.append(
            f"{len(keys):,} tensors of type {dtype} hold codes or indices, not weights, and were not"
            f" compared, such as {keys[0]}"
        )
    return good


def fetch(source: Source, ranges: Sequence[Range]) -> list[memoryview]:
    """The bytes of many small ranges, near ones read together."""
    order = sorted(range(len(ranges)), key=lambda i: (ranges[i].path, ranges[i].offset))
    merged: list[tuple[str, int, int]] = []
    home = [0] * len(ranges)
    for i in order:
        path, offset, end = ranges[i].path, ranges[i].offset, ranges[i].offset + ranges[i].length
        if merged:
            last, begin, until = merged[-1]
            if last == path and offset <= until + NEAR and max(end, until) - begin <= ONE_READ:
                merged[-1] = (path, begin, max(end, until))
                home[i] = len(merged) - 1
                continue
        merged.append((path, offset, end))
        home[i] = len(merged) - 1
    read = source.read_ranges([Range(path, begin, end - begin) for path, begin, end in merged])
    views = [memoryview(data) for data in read]
    result = []
    for i, wanted in enumerate(ranges):
        at = wanted.offset - merged[home[i]][1]
        result.append(views[home[i]][at : at + wanted.length])
    return result


def _whole(source: Source, parts: dict[str, Part], gaps: list[str]) -> Iterator[tuple[str, Block]]:
    """Every element, one batch of stored tensors after the other."""
    of: dict[int, tuple[Storage, list[Part]]] = {}
    for part in parts.values():
        of.setdefault(id(part.storage), (part.storage, []))[1].append(part)
    for batch in _batches(list(of.values())):
        needs = [storage.ranges(0, _size(storage)) for storage, _ in batch]
        data = fetch(source, [r for need in needs for r in need])
        at = 0
        for (storage, inside), need in zip(batch, needs, strict=True):
            mine = data[at : at + len(need)]
            at += len(need)
            try:
                flat = storage.decode(0, _size(storage), mine)
            except Malformed as fault:
                gaps.append(fault.message)
                continue
            for part in inside:
                values = part.view.take(flat)
                runs = np.array([[0, values.size]], np.int64)
                yield part.tensor.canonical, Block(part.tensor, runs, values, _places(need))


def _batches(
    storages: Iterable[tuple[Storage, list[Part]]],
) -> Iterator[list[tuple[Storage, list[Part]]]]:
    batch: list[tuple[Storage, list[Part]]] = []
    held = 0
    for item in storages:
        if batch and held + item[0].nbytes > ONE_READ:
            yield batch
            batch, held = [], 0
        batch.append(item)
        held += item[0].nbytes
    if batch:
        yield batch


def _size(storage: Storage) -> int:
    size = 1
    for n in storage.shape:
        size *= n
    return size


@dataclass
class _Purse:
    """What may still be spent."""

    bytes: int
    requests: int
    paid: set[Range] = field(default_factory=set)
    """Formats that need a whole tensor for a part of it are paid for once."""

    def pay(self, ranges: Sequence[Range], elements: int) -> bool:
        """Take off the cost, at least two bytes an element; False when it is too much."""
        new = [r for r in ranges if r not in self.paid]
        cost = max(sum(r.length for r in new), 2 * elements)
        if cost > self.bytes or len(new) > self.requests:
            return False
        self.bytes -= cost
        self.requests -= len(new)
        self.paid.update(new)
        return True


def _sampled(
    source: Source, parts: dict[str, Part], purse: _Purse, gaps: list[str]
) -> dict[str, Block]:
    """The planned runs, as far as the purse goes."""
    chosen: dict[str, set[Run]] = {}
    apart: list[str] = []
    for run in plan(part.tensor for part in parts.values()):
        ranges = _ranges(parts[run.canonical], run)
        if ranges is None:
            if run.canonical not in apart:
                apart.append(run.canonical)
            if len(apart) == len(parts):
                break
            continue
        if not purse.pay(ranges, run.length):
            break
        chosen.setdefault(run.canonical, set()).add(run)
    if apart:
        gaps.append(
            f"{len(apart):,} tensors are stored with their rows apart and were not sampled, such as"
            f" {apart[0]}"
        )
    blocks: dict[str, Block] = {}
    for batch in _split(chosen, parts):
        needs = [(run, _ranges(parts[run.canonical], run) or []) for run in batch]
        data = fetch(source, [r for _, need in needs for r in need])
        values: dict[str, list[tuple[Run, Floats]]] = {}
        at = 0
        for run, need in needs:
            mine = data[at : at + len(need)]
            at += len(need)
            try:
                decoded = _decode(parts[run.canonical], run, mine)
            except Malformed as fault:
                gaps.append(fault.message)
                continue
            values.setdefault(run.canonical, []).append((run, decoded))
        for name, pieces in values.items():
            blocks[name] = Block(
                parts[name].tensor,
                np.array([(run.start, run.length) for run, _ in pieces], np.int64),
                np.concatenate([v for _, v in pieces]),
                _places([r for run, need in needs if run.canonical == name for r in need]),
            )
    return blocks


def _places(ranges: Iterable[Range]) -> tuple[tuple[str, int, int], ...]:
    return tuple((r.path, r.offset, r.length) for r in ranges)


def _split(chosen: dict[str, set[Run]], parts: dict[str, Part]) -> Iterator[list[Run]]:
    """Runs in batches of bounded size, those of one tensor together and ascending."""
    batch: list[Run] = []
    held = 0
    for name, runs in chosen.items():
        ordered = sorted(runs, key=lambda r: r.start)
        cost = sum(r.length for run in ordered for r in _ranges(parts[name], run) or [])
        if batch and held + cost > ONE_READ:
            yield batch
            batch, held = [], 0
        batch += ordered
        held += cost
    if batch:
        yield batch


def _ranges(part: Part, run: Run) -> list[Range] | None:
    """The bytes of one run, or ``None`` when its elements are too far apart."""
    ranges: list[Range] = []
    for start, stride, count in part.view.pieces(run.start, run.length):
        span = spread(stride, count)
        need = part.storage.ranges(start, span)
        if stride > 1 and sum(r.length for r in need) > SPAN:
            return None
        ranges += need
    return ranges


def _decode(part: Part, run: Run, data: Sequence[Data]) -> Floats:
    values: list[Floats] = []
    at = 0
    for start, stride, count in part.view.pieces(run.start, run.length):
        span = spread(stride, count)
        need = len(part.storage.ranges(start, span))
        values.append(part.storage.decode(start, span, data[at : at + need])[::stride])
        at += need
    return np.concatenate(values) if len(values) > 1 else values[0]


def _is_table(block: Block) -> bool:
    """Whether learned positions turn out to be a table of sines."""
    shape = block.tensor.shape
    if "position" not in block.tensor.component or len(shape) != 2:
        return False
    if not shape[1] or (block.runs % shape[1]).any():
        return False
    return is_sinusoid(block.values.reshape(-1, shape[1]))


def _odd_values(blocks: Iterable[Block]) -> Iterator[str]:
    """Numbers that are none."""
    bad = [
        (block.tensor.canonical, count)
        for block in blocks
        if (count := block.values.size - int(np.count_nonzero(np.isfinite(block.values))))
    ]
    if bad:
        total = sum(count for _, count in bad)
        yield f"{total:,} elements in {len(bad):,} tensors are not finite, such as in {bad[0][0]}"


def _coverage(checkpoint: Checkpoint, named: Named, blocks: dict[str, Block]) -> Coverage:
    count = sum(block.values.size for block in blocks.values())
    total = checkpoint.elements
    read = [block.tensor for block in blocks.values()]
    every = [part.tensor for part in named.parts.values()]
    share = checkpoint.nbytes / max(total, 1)
    return Coverage(
        tensors=(len(blocks), len(named.parts)),
        elements=(count, total),
        bytes=(round(count * share), checkpoint.nbytes),
        layers=_distinct([t.layer for t in read], [t.layer for t in every]),
        components=_distinct([t.component for t in read], [t.component for t in every]),
    )


def _distinct(read: Iterable[object], every: Iterable[object]) -> tuple[int, int]:
    return len({r for r in read if r is not None}), len({e for e in every if e is not None})
