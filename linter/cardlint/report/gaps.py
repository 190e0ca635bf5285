"""What was not checked, told briefly: what holds for many repositories or files is told once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cardlint.findings import NotChecked, TargetReport

FEW = 3
"""So many of a kind are told one by one."""
# Addresses, ids and file names: what differs between two gaps of one kind.
_NAMES = re.compile(
    r"https?://\S+|(?<![\w./-])[\w.-]+(?:/[\w.-]+)+|\b\w[\w-]*\.[\w.-]*\w|\b\d[\d,.]*\b"
)
ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Gap:
    """One reason, and all that it kept from being checked."""

    whats: tuple[str, ...]
    why: str
    remedy: str | None
    rules: tuple[str, ...]
    targets: tuple[str, ...]

    @property
    def what(self) -> str:
        """The facts, in few words."""
        return listed(self.whats)

    @property
    def where(self) -> str:
        """The targets, in few words."""
        many = len(self.targets) > FEW
        return f"{len(self.targets):,} repositories" if many else listed(self.targets)

    @property
    def stopped(self) -> str:
        """The rules that could not say anything, in few words; empty where that is plain."""
        if not self.rules or self.rules == self.whats:
            return ""
        if len(self.rules) <= FEW:
            return ", ".join(self.rules)
        families = sorted({rule.partition("/")[0] for rule in self.rules})
        return f"{len(self.rules)} rules ({', '.join(families)})"


def gather(targets: Sequence[TargetReport], *, every: bool = False) -> list[Gap]:
    """The gaps of a run, by reason.

    Args:
        targets: all of the run.
        every: whether gaps that differ only in a name are told one by one.
    """
    kinds: dict[tuple[str, str], list[tuple[NotChecked, str]]] = {}
    for target in targets:
        for gap in target.not_checked:
            why = gap.why.replace(target.target, ELLIPSIS) if len(targets) > 1 else gap.why
            row = NotChecked(gap.what, why, gap.remedy, gap.rules)
            key = (row.why if every else _NAMES.sub(ELLIPSIS, row.why), gap.remedy or "")
            kinds.setdefault(key, []).append((row, target.target))
    told: list[Gap] = []
    for (masked, _), rows in kinds.items():
        reasons = {gap.why for gap, _ in rows}
        if len(reasons) <= (FEW if len(targets) == 1 else 1):
            told += [_gap([r for r in rows if r[0].why == why], why) for why in sorted(reasons)]
        else:
            told.append(_gap(rows, masked, mask=True))
    return sorted(told, key=lambda g: (g.whats, g.why))


def _gap(rows: Sequence[tuple[NotChecked, str]], why: str, *, mask: bool = False) -> Gap:
    whats = {g.what for g, _ in rows}
    if mask or len(whats) > FEW:
        whats = {g.what if g.what in g.rules else _NAMES.sub(ELLIPSIS, g.what) for g, _ in rows}
    return Gap(
        whats=tuple(sorted(whats)),
        why=why,
        remedy=rows[0][0].remedy,
        rules=tuple(sorted({rule for gap, _ in rows for rule in gap.rules})),
        targets=tuple(dict.fromkeys(target for _, target in rows)),
    )


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - FEW:,} more" if len(names) > FEW else ""
    return ", ".join(names[:FEW]) + more
