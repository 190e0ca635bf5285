"""Reads a timeline through nothing but the source's own door: its log, and its file list at commits.

Cheap by hash: a card is read only where its blob id differs from the one before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cardlint.errors import NotFound, Unavailable
from cardlint.findings import NotChecked
from cardlint.history.timeline import CARD, State, Timeline, WeightFile
from cardlint.source.interface import Commit, Entry, History, Source

MAX_COMMITS = 10_000
"""States read at most; the longest public histories of models have some 3,000 commits."""

MAX_CARDS = 16 << 20
"""Characters of all cards of a history that are parsed: some ten seconds."""

_WEIGHTS = re.compile(
    r".+\.(?:safetensors|bin|pt|pth|ckpt|gguf|ggml|h5|keras|msgpack|onnx|onnx_data|tflite|npz|nemo|"
    r"mlpackage|pte|llamafile)",
    re.IGNORECASE,
)
_NO_WEIGHTS = re.compile(
    r"(?:training_args|optimizer|scheduler|scaler|rng_state|random_states|global_step|trainer_state)"
    r"[^/]*",
    re.IGNORECASE,
)


def is_weight_file(path: str) -> bool:
    """Whether a file of this name holds a model's weights; a trainer's own state does not."""
    name = path.rpartition("/")[2]
    return bool(_WEIGHTS.fullmatch(name)) and not _NO_WEIGHTS.fullmatch(name)


def timeline(source: Source) -> Timeline:
    """Read the states along the first parents, oldest first.

    Raises:
        Unavailable: there is no history, or it cannot be had.
    """
    history = source.history(MAX_COMMITS)
    states: list[State] = []
    unlisted: dict[str, list[Commit]] = {}
    unread: dict[str, list[Commit]] = {}
    before: Mapping[str, Entry] = {}
    sizes: dict[str | None, int] = {}
    gap = not history.complete
    failed: Unavailable | None = None
    for commit in reversed(list(_first_parents(history))):
        try:
            here = source.at(commit.id)
            files = _files(here, sizes)
        except Unavailable as reason:
            unlisted.setdefault(reason.message, []).append(commit)
            gap, failed = True, reason
            continue
        last = states[-1] if states else None
        same = last is not None and CARD in before and not _differs(CARD, files, before)
        text: str | None = None
        unread_card: str | None = None
        if last and same:
            text, unread_card = last.card_text, last.card_unread
        elif CARD in files:
            text, unread_card = _card(here)
        if unread_card and not same:
            unread.setdefault(unread_card, []).append(commit)
        weights = {p: as_weights(e) for p, e in files.items() if is_weight_file(p)}
        changed = sorted(p for p in files.keys() | before.keys() if _differs(p, files, before))
        removed = tuple(p for p in changed if p not in files)
        states.append(
            State(commit, text, weights, tuple(changed), removed, unread_card, after_gap=gap)
        )
        before, gap = files, unread_card is not None
    if failed and not states:
        raise failed.with_traceback(None)
    states, left_out = _affordable(states)
    if left_out:
        unread[f"the cards of this history have more than {MAX_CARDS:,} characters"] = left_out
    gaps = [
        _gap(f"{CARD} at", commits, "could not be read", why) for why, commits in unread.items()
    ]
    gaps += [
        _gap("the files at", commits, "could not be listed", why)
        for why, commits in unlisted.items()
    ]
    missing = sum(len(commits) for commits in unlisted.values())
    reasons = (
        [f"{missing:,} commit{'s' if missing > 1 else ''} could not be read"] if missing else []
    )
    why = "; ".join([*reasons, *filter(None, [history.why_incomplete])]) or None
    return Timeline(tuple(states), history.complete and not missing, why, tuple(gaps))


def _affordable(states: list[State]) -> tuple[list[State], list[Commit]]:
    """The states with the newest cards only, where all of them are too much to parse.

    Returns:
        The states; and the commits that brought the cards that were left out.
    """
    left = MAX_CARDS
    newer: str | None = None
    kept: list[State] = []
    left_out: list[Commit] = []
    for state in reversed(states):
        text = state.card_text
        left -= 0 if text is newer else len(text or "")
        newer = text
        if left >= 0 or text is None or not kept:
            kept.append(state)
            continue
        if not kept[-1].card_unread:
            kept[-1] = replace(kept[-1], after_gap=True)
        if CARD in state.changed:
            left_out.insert(0, state.commit)
        kept.append(replace(state, card_text=None, card_unread="too much to parse"))
    return kept[::-1], left_out


def _first_parents(history: History) -> Iterator[Commit]:
    """The line that led here, newest first: what a merged branch did shows in the merge."""
    if not history.commits or any(c.parents is None for c in history.commits):
        yield from history.commits
        return
    known = {c.id: c for c in history.commits}
    here: Commit | None = history.commits[0]
    while here is not None:
        yield here
        here = known.get(here.parents[0]) if here.parents else None


def _files(source: Source, sizes: dict[str | None, int]) -> Mapping[str, Entry]:
    """The files of a commit; their full list is asked for only where the size of weights is missed.

    Ids are taken from one place throughout: two places may call the same content by two names.

    Args:
        source: at the commit.
        sizes: what such lists have told so far, by git's id; filled in here.
    """
    try:
        files = dict(source.tracked())
        missed = [e for p, e in files.items() if is_weight_file(p) and not (e.present or e.size)]
        if any(e.blob_id not in sizes for e in missed):
            listed = source.entries()
            sizes |= {e.blob_id: listed[e.path].size for e in missed if e.path in listed}
    except NotFound:  # a commit without files
        return {}
    return files | {e.path: replace(e, size=sizes.get(e.blob_id, 0)) for e in missed}


def _differs(path: str, now: Mapping[str, Entry], before: Mapping[str, Entry]) -> bool:
    new, old = now.get(path), before.get(path)
    return new is None or old is None or not as_weights(new).same(as_weights(old))


def as_weights(entry: Entry) -> WeightFile:
    """Size and hashes of an entry."""
    return WeightFile(entry.size, entry.blob_id, entry.sha256)


def _card(here: Source) -> tuple[str | None, str | None]:
    """The card's text, or why it cannot be read."""
    try:
        return here.read_text(CARD), None
    except Unavailable as reason:
        return None, reason.message


def _gap(what: str, commits: Sequence[Commit], failed: str, reason: str) -> NotChecked:
    which = commits[0].id[:7] + (f" and {len(commits) - 1:,} more" if len(commits) > 1 else "")
    return NotChecked("history", f"{what} commit {which} {failed}: {reason}")
