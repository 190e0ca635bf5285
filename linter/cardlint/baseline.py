"""A baseline: findings that were there when cardlint came in, so that only new ones fail.

Entries are keyed by rule, target, file and content, never by line: text above may come and go. An
entry that matches nothing any more is told, and ``--prune-baseline`` takes it out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cardlint.errors import UsageError
from cardlint.findings import Finding, Ignored, IgnoredBy, TargetReport
from cardlint.ignoring import today

SCHEMA = "cardlint/baseline/1"
MAX_BYTES = 64 << 20
Key = tuple[str, str, str, str]
"""Rule, target, path, fingerprint."""


@dataclass(frozen=True, slots=True)
class Entry:
    """So many findings of one kind."""

    key: Key
    count: int
    message: str
    """What the first of them said, for the reader of the file."""
    added: str
    """The date on which it was written."""
    reason: str | None = None


def name(target: TargetReport, file: Path) -> str:
    """How a baseline calls a target: the same on a laptop and on a server.

    A local one by its folder, seen from the baseline file; a remote one by its id.
    """
    if target.root is None:
        return target.repository or target.target
    root, folder = Path(target.root).resolve(), file.resolve().parent
    try:
        return root.relative_to(folder).as_posix()
    except ValueError:
        return root.name


def read(file: Path) -> dict[Key, Entry]:
    """Read a baseline.

    Raises:
        UsageError: it cannot be read, or is none.
    """
    remedy = "`--write-baseline` writes one."
    try:
        if file.stat().st_size > MAX_BYTES:
            raise UsageError(f"{file} has more than {MAX_BYTES:,} bytes", remedy=remedy)
        data: Any = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(data, dict) or data.get("schema") != SCHEMA:
            raise UsageError(f"{file} is no baseline ({SCHEMA})", remedy=remedy)
        entries = [_entry(row) for row in data["entries"]]
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}", remedy=remedy) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"{file} is no baseline: {error}", remedy=remedy) from error
    return {e.key: e for e in entries}


def _entry(row: Mapping[str, Any]) -> Entry:
    key = (str(row["rule"]), str(row["target"]), str(row["path"]), str(row["fingerprint"]))
    return Entry(key, int(row["count"]), str(row["message"]), str(row["added"]), row.get("reason"))


def apply(
    targets: Iterable[TargetReport], file: Path, entries: Mapping[Key, Entry]
) -> tuple[list[TargetReport], list[Entry]]:
    """Set aside the findings that a baseline lists.

    Returns:
        The targets, and the entries (with how many of each are left over) that match nothing in
        the targets that were checked.
    """
    left = Counter({key: entry.count for key, entry in entries.items()})
    seen: set[str] = set()
    after = []
    for target in targets:
        called = name(target, file)
        if target.checked:
            seen.add(called)
        told: list[Finding] = []
        aside: list[Ignored] = []
        for finding in target.findings:
            key = (finding.rule, called, finding.location.path, finding.fingerprint)
            if left[key] > 0:
                left[key] -= 1
                aside.append(Ignored(finding, IgnoredBy.BASELINE, entries[key].reason, str(file)))
            else:
                told.append(finding)
        after.append(
            replace(target, findings=tuple(told), ignored=(*target.ignored, *aside))
            if aside
            else target
        )
    ran = {(name(t, file), r) for t in after for r in t.rules_run}
    stale = [
        replace(entries[key], count=count)
        for key, count in left.items()
        if count > 0 and key[1] in seen and (key[1], key[0]) in ran
    ]
    return after, stale


def collect(
    targets: Iterable[TargetReport], file: Path, before: Mapping[Key, Entry]
) -> dict[Key, Entry]:
    """The baseline that sets aside all that these targets show now.

    What an earlier baseline says about reasons and dates is kept, and so are its entries about
    targets that were not checked in this run.
    """
    after: dict[Key, Entry] = {}
    checked = set()
    for target in targets:
        called = name(target, file)
        if target.checked:
            checked.add(called)
        aside = [i.finding for i in target.ignored if i.by is IgnoredBy.BASELINE]
        for finding in (*target.findings, *aside):
            if finding.rule == "internal/rule-crashed":
                continue  # what was not checked is never set aside
            key = (finding.rule, called, finding.location.path, finding.fingerprint)
            known = after.get(key) or before.get(key)
            count = after[key].count + 1 if key in after else 1
            added = known.added if known else today().isoformat()
            reason = known.reason if known else None
            after[key] = Entry(key, count, finding.message, added, reason)
    return {**{k: e for k, e in before.items() if k[1] not in checked}, **after}


def pruned(entries: Mapping[Key, Entry], stale: Iterable[Entry]) -> dict[Key, Entry]:
    """The entries without what matches nothing any more."""
    after = dict(entries)
    for entry in stale:
        count = after[entry.key].count - entry.count
        if count > 0:
            after[entry.key] = replace(after[entry.key], count=count)
        else:
            del after[entry.key]
    return after


def dump(entries: Mapping[Key, Entry]) -> str:
    """A baseline as text, sorted, so that a change of it reads well in review."""
    rows = [
        {
            "rule": e.key[0],
            "target": e.key[1],
            "path": e.key[2],
            "fingerprint": e.key[3],
            "count": e.count,
            "message": e.message,
            "added": e.added,
            "reason": e.reason,
        }
        for e in sorted(entries.values(), key=lambda e: (e.key[1], e.key[2], e.key[0], e.key[3]))
    ]
    return json.dumps({"schema": SCHEMA, "entries": rows}, indent=1, ensure_ascii=True) + "\n"
