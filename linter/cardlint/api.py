"""The functions behind the command line, for Python programs.

Nothing here prints, reads environment variables, looks for settings files by itself or keeps
anything between calls. Progress and details go to the standard library's loggers below
``cardlint``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardlint.access import Access

if TYPE_CHECKING:
    from cardlint.findings import Report
    from cardlint.history.timeline import Timeline
    from cardlint.lineage.trace import Trace
    from cardlint.source.resolve import Resolver
    from cardlint.weights.evidence import Comparison
    from cardlint.weights.sketch import Sketch

Target = str | Path
"""A folder, a card, ``org/name``, ``org/name@revision`` or ``hf://org/name@revision``."""


def check(
    targets: Target | Iterable[Target],
    *,
    access: Access | None = None,
    settings: Mapping[str, Any] | None = None,
    settings_file: Path | None = None,
) -> Report:
    """Check repositories.

    Args:
        targets: one, or many.
        access: where they and their parents are looked for; by default the Hub and its cache.
        settings: keys and values as in a settings file, such as
            ``{"profile": "strict", "ignore": ["license"]}``.
        settings_file: a settings file, below ``settings``; none is looked for.

    Returns:
        Findings, what was ignored and what was not checked, target by target. A target that
        cannot be read is a result: ``checked`` is False.

    Raises:
        UsageError: a target is neither a path nor an id, or the settings are wrong.
    """
    from cardlint.checker import Checker

    access = access or Access()
    run = Checker(
        resolver=access.resolver(),
        options=access.options(),
        overrides=settings or {},
        settings_file=settings_file,
        isolated=settings_file is None,
    )
    every = [targets] if isinstance(targets, str | Path) else targets
    return run.report(run.check(str(target)) for target in every)


def compare(
    model: Target,
    parents: Iterable[Target],
    *,
    controls: Iterable[Target] = (),
    access: Access | None = None,
) -> Comparison:
    """Hold a model's weights against possible parents.

    Args:
        model: the model under test, or a sketch file of it.
        parents: possible parents, the base too if there is one; order does not matter.
        controls: models that should explain nothing, such as other fine-tunes of the base.
        access: where they are looked for; ``budget`` bytes of each are read at most.

    Returns:
        The verdict with its figures; each component's ``alpha`` is a share of 1, ``cos_fit`` a
        cosine, ``consistency`` the share of elements that the mixture explains (evidence.md, 4).

    Raises:
        Unavailable: a model cannot be read, and why.
        UsageError: one of them is neither a path nor an id.
    """
    from cardlint.weights.compare import compare as hold

    access = access or Access()
    resolver = access.resolver()

    def sketches(targets: Iterable[Target]) -> list[Sketch]:
        return [_sketch(str(t), resolver, access) for t in targets]

    targets = [str(t) for t in (model, *parents)]
    said = hold(sketches(targets[:1])[0], sketches(targets[1:]), sketches(controls))
    if access.weights != "full" or any(Path(t).is_file() for t in targets):
        return said  # a sketch holds a sample only
    from cardlint.weights.confirm import confirm

    opened = [resolver.target(t) for t in targets]
    return confirm(said, opened[0], opened[1:])


def _sketch(target: str, resolver: Resolver, access: Access) -> Sketch:
    path = Path(target)
    if path.is_file():
        from cardlint.weights.sketch_file import is_sketch, load

        if path.suffix == ".safetensors" or is_sketch(path):
            return load(path)
    from cardlint.weights.read import sketch

    return sketch(resolver.target(target), budget=access.budget, name=target)


def history(model: Target, *, access: Access | None = None) -> Timeline:
    """What the card and the weight files were at each commit.

    Args:
        model: a git repository, ``org/name`` or ``org/name@revision``.
        access: where it is looked for.

    Returns:
        The states, oldest first.

    Raises:
        Unavailable: it cannot be read, or has no history.
        UsageError: it is neither a path nor an id.
    """
    from cardlint.history.timeline import read

    with (access or Access()).resolver().target(str(model)) as source:
        return read(source)


def trace(model: Target, *, access: Access | None = None, atlas: str | Path | None = None) -> Trace:
    """Look for the parents of a model, also those that nobody named.

    Args:
        model: a folder, ``org/name`` or ``org/name@revision``.
        access: where it and its candidates are looked for; ``candidates`` are looked at too, and
            ``budget`` bytes of each are read at most.
        atlas: a folder or address of sketches to look it up in.

    Returns:
        The answer with its confidence, every model that was held against the weights, and every
        one that was not, with the reason.

    Raises:
        Unavailable: the model's own weights cannot be read, and why.
        UsageError: it is neither a path nor an id.
    """
    from cardlint.lineage.atlas.store import open_atlas
    from cardlint.lineage.trace import trace as look
    from cardlint.repository import Repository

    access = access or Access()
    resolver = access.resolver()
    opened = open_atlas(str(atlas)) if atlas else None
    return look(Repository(resolver.target(str(model)), resolver, access.options()), opened)
