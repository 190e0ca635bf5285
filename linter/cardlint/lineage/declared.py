"""Who the parents are said to be, in a repository's own files.

Every statement keeps its place. What cannot be an ``org/name`` id (a local path, a bare name) is
no parent here; that it stands in the front matter nevertheless is a matter for the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cardlint.errors import NotFound, Unavailable
from cardlint.findings import Location, NotChecked
from cardlint.source.interface import is_repo_id

if TYPE_CHECKING:
    from cardlint.repository import Repository


class Origin(StrEnum):
    """Where a statement about a parent stands."""

    FRONT_MATTER = "front-matter"
    CONFIG = "config"
    """``_name_or_path`` of ``config.json`` or ``model_index.json``."""
    ADAPTER = "adapter-config"
    """``base_model_name_or_path`` of ``adapter_config.json``."""
    MERGEKIT = "mergekit-config"
    """A model of ``mergekit_config.yml`` or ``mergekit_moe_config.yml``."""
    QUANTIZATION = "quantization-config"
    """``model_name_or_path`` of ``quantize_config.json`` or ``quant_config.json``."""
    GGUF = "gguf"
    """``general.base_model.*`` or ``general.source.*`` in the metadata of a GGUF file."""
    PROSE = "prose"
    """A sentence of the card that speaks of derivation."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """One statement that ``parent`` is a parent."""

    parent: str
    """``org/name``; in the front matter whatever stands there."""
    relation: str | None
    """``finetune``, ``adapter``, ``merge`` or ``quantized``, where the place says so."""
    revision: str | None
    origin: Origin
    location: Location
    weight: float | None = None
    """The scalar weight of a merge recipe."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """Everything that a repository says about its parents."""

    declarations: tuple[Declaration, ...]
    relation: str | None = None
    """``base_model_relation`` of the front matter, as it is written."""
    gaps: tuple[NotChecked, ...] = ()
    """Files that may name a parent and could not be read."""

    @property
    def parents(self) -> tuple[str, ...]:
        """The Hub ids under ``base_model`` of the front matter, each once, in order."""
        return self.by(Origin.FRONT_MATTER)

    @property
    def named(self) -> tuple[str, ...]:
        """The Hub ids that any place names, each once, in order."""
        return self.by(*Origin)

    def by(self, *origins: Origin) -> tuple[str, ...]:
        """The Hub ids that these places name, each once, in order."""
        ids = (d.parent for d in self.declarations if d.origin in origins)
        return tuple(dict.fromkeys(i for i in ids if is_repo_id(i)))


Reader = Callable[["Repository"], Iterator[Declaration]]


def read(repo: Repository, origins: frozenset[Origin] = frozenset(Origin)) -> Lineage:
    """Gather the statements of the given places.

    Args:
        repo: whose files are read; a file that is not there costs nothing but the file list.
        origins: where to look; fewer places cost fewer requests on a remote repository.
    """
    from cardlint.lineage import statements

    declarations: list[Declaration] = []
    gaps: list[NotChecked] = []
    for origin, reader in statements.READERS.items():
        if origin not in origins:
            continue
        try:
            declarations.extend(d for d in reader(repo) if not _of_itself(repo, d))
        except NotFound:
            continue
        except Unavailable as reason:
            gaps.append(NotChecked(f"lineage ({origin})", reason.message, reason.remedy))
    return Lineage(tuple(declarations), statements.relation(repo), tuple(gaps))


def _of_itself(repo: Repository, said: Declaration) -> bool:
    """A config that names its own repository says where it was saved, not what it comes from."""
    return (
        said.origin is not Origin.FRONT_MATTER
        and repo.id is not None
        and said.parent.casefold() == repo.id.casefold()
    )
