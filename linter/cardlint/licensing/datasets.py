"""What the datasets of a model are under, and whose outputs they hold.

Datasets stand beside models on the Hub under a path of their own; a folder hub has them as
``DIR/datasets/org/name``. Those that are not at hand are not asked for over the network: a
dataset's license is told where it can be read, and "not checked" elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardlint.card.nodes import Value
from cardlint.errors import Unavailable
from cardlint.findings import NotChecked
from cardlint.licensing.upstream_terms import Terms, teachers, verdict
from cardlint.source.interface import is_repo_id
from cardlint_licenses import Reuse

if TYPE_CHECKING:
    from cardlint.repository import Repository

MAX_DATASETS = 32
"""Datasets of one card that are opened."""


def dataset_terms(repo: Repository) -> tuple[list[Terms], list[NotChecked]]:
    """The terms of a card's datasets, and of the models whose outputs they say they hold."""
    try:
        front = repo.card.front_matter
    except Unavailable:
        return [], []
    values = [v for v in front.strings("datasets") if is_repo_id(v.text)] if front else []
    terms: list[Terms] = []
    gaps: list[NotChecked] = []
    for value in values[:MAX_DATASETS]:
        try:
            dataset = _open(repo, value.text)
            terms += _terms(repo, value, dataset)
        except Unavailable as reason:
            gaps.append(NotChecked(f"license of the dataset {value.text}", reason.message))
    return terms, gaps


def _open(repo: Repository, id_: str) -> Repository:
    from cardlint.repository import Repository as Opened

    hub = repo.resolver.hub
    folder = hub / "datasets" / id_ if hub else None
    if folder is None or not folder.is_dir():
        raise Unavailable("datasets are read in a folder hub alone, as DIR/datasets/org/name")
    return Opened(repo.resolver.local(folder, id_), repo.resolver, repo.options)


def _terms(repo: Repository, value: Value, dataset: Repository) -> list[Terms]:
    at = value.span.location(repo.card.path)
    found: list[Terms] = []
    licenses = dataset.licenses.governing()
    if licenses:
        judged = verdict(repo.licenses, licenses, Reuse.DATASET)
        found.append(
            Terms(
                parent=value.text,
                path=(value.text,),
                location=at,
                reuse=Reuse.DATASET,
                sure=True,
                repo=dataset,
                licenses=licenses,
                verdict=judged,
            )
        )
    for teacher in teachers(dataset):
        opened = type(dataset)(repo.resolver.upstream(teacher), repo.resolver, repo.options)
        theirs = opened.licenses.governing()
        if theirs:
            judged = verdict(repo.licenses, theirs, Reuse.OUTPUTS)
            found.append(
                Terms(
                    parent=teacher,
                    path=(value.text, teacher),
                    location=at,
                    reuse=Reuse.OUTPUTS,
                    sure=False,
                    repo=opened,
                    licenses=theirs,
                    verdict=judged,
                )
            )
    return found
