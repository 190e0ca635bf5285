"""From what the user typed, or a card names, to a source.

``TARGET`` is a path, ``org/name``, ``org/name@revision`` or ``hf://org/name@revision``. An upstream
id is looked for in the folder hub (``--hub``), then in the Hugging Face cache, then on the Hub;
``offline`` (or ``HF_HUB_OFFLINE``) stops before the Hub and says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cardlint.errors import Malformed, NotFound, Offline, Unavailable, Unreachable, UsageError
from cardlint.source.cache import HubCache
from cardlint.source.interface import Source, is_repo_id
from cardlint.source.limits import Limits, Usage
from cardlint.source.local import LocalCard, LocalFolder

if TYPE_CHECKING:
    from cardlint.source.hub import Hub
    from cardlint.source.hub.validation import Validation

MAX_LISTED = 100_000
"""Repositories of a folder hub that are listed at most."""


@dataclass(slots=True)
class Resolver:
    """Opens repositories; one for each run, so that each is opened once."""

    hub: Path | None = None
    """A folder hub: ``hub/org/name`` is a folder or a git repository (also ``hub/org/name.git``)."""
    offline: bool = False
    limits: Limits = field(default_factory=Limits)
    cache: HubCache = field(default_factory=HubCache)
    """The Hugging Face cache, read only."""
    keep: bool = True
    """Whether what the Hub sends is kept for the next run, and used again."""
    _opened: dict[tuple[str, str | None], Source | Unavailable] = field(default_factory=dict)
    _remote: Hub | None = None

    def target(self, text: str) -> Source:
        """Open what the user typed.

        Raises:
            UsageError: it is neither a path that exists nor a Hub id.
            Unavailable: it cannot be read.
        """
        if not text.startswith("hf://"):
            path = _existing(text)
            if path:
                return self.local(path)
        repo_id, at, revision = text.removeprefix("hf://").partition("@")
        if is_repo_id(repo_id) and (revision or not at):
            try:
                return self.upstream(repo_id, revision or None)
            except Unavailable as reason:
                if text.startswith("hf://") or at:
                    raise
                both = f"{reason.message} (and there is no path {text} here)"
                raise type(reason)(both, remedy=reason.remedy) from None
        raise UsageError(
            f"{text} is neither a path that exists nor a Hub id",
            remedy="Give a folder, a README.md, org/name or org/name@revision.",
        )

    def local(self, path: Path, repo_id: str | None = None) -> Source:
        """Open a folder, a git repository, a snapshot of the Hugging Face cache or a single card.

        Raises:
            Malformed: it is none of these.
        """
        if path.is_file():
            return LocalCard(path)
        if not path.is_dir():
            raise Malformed(
                f"{path} is neither a file nor a folder",
                remedy="Give a folder, a README.md, org/name or org/name@revision.",
            )
        snapshot = HubCache.snapshot_at(path)
        if snapshot:
            return snapshot
        return _folder(path, repo_id)

    def upstream(self, repo_id: str, revision: str | None = None) -> Source:
        """Open a repository by its Hub id; an answer, also a refusal, is remembered for the run.

        Raises:
            Unavailable: it cannot be had, and why.
        """
        key = (repo_id, revision)
        if key not in self._opened:
            try:
                self._opened[key] = self._open(repo_id, revision)
            except Unavailable as reason:
                self._opened[key] = _anew(reason)
        known = self._opened[key]
        if isinstance(known, Unavailable):
            raise _anew(known)
        return known

    def _open(self, repo_id: str, revision: str | None) -> Source:
        mirrored = self._mirrored(repo_id)
        if mirrored:
            return mirrored.at(revision) if revision else mirrored
        cached = self.cache.open(repo_id, revision)
        if cached and (self._is_offline() or cached.pinned):
            return cached
        try:
            return self._online(f"{repo_id} cannot be read").open(repo_id, revision)
        except Unreachable:
            if cached:  # an older state that is here, and says which commit it is
                return cached
            raise
        except Offline:
            where = "the folder hub or the cache" if self.hub else "the cache"
            raise Offline(
                f"{repo_id}{f'@{revision}' if revision else ''} is not in {where}, "
                "and the Hub was not asked (offline)",
                remedy="Leave out --offline (and HF_HUB_OFFLINE), or add it to the folder hub.",
            ) from None

    def _mirrored(self, repo_id: str) -> Source | None:
        if not (self.hub and is_repo_id(repo_id)):
            return None
        for folder in (self.hub / repo_id, self.hub / f"{repo_id}.git"):
            if folder.is_dir():
                return _folder(folder, repo_id)
        return None

    def listing(self) -> Sequence[str]:
        """Ids of the repositories in the folder hub, in order; none without one."""
        if not self.hub:
            return ()
        found: set[str] = set()
        for org in _folders(self.hub):
            for repo in _folders(org):
                repo_id = f"{org.name}/{repo.name.removesuffix('.git')}"
                if is_repo_id(repo_id):
                    found.add(repo_id)
                if len(found) > MAX_LISTED:
                    raise Malformed(f"{self.hub} has more than {MAX_LISTED:,} repositories")
        return sorted(found)

    def children(self, repo_id: str, limit: int = 200) -> Sequence[tuple[str, str]]:
        """Repositories that declare ``repo_id`` as their base, as the Hub lists them.

        Args:
            repo_id: the base.
            limit: how many at most, most downloaded first.

        Returns:
            ``(id, relation)``; relation is ``finetune``, ``merge``, ``adapter`` or ``quantized``.

        Raises:
            Unavailable: only the Hub can tell, and it was not asked or did not answer. What a
                folder hub holds is in :meth:`listing`; its cards are not read here.
        """
        return self._online(f"which models name {repo_id} as their base").children(repo_id, limit)

    def dataset(self, repo_id: str) -> None:
        """Ask whether there is a data set of this id, in the folder hub (``datasets/org/name``) or on the Hub.

        Raises:
            NotFound: the Hub has none, or it is private.
            Unavailable: only the Hub can tell, and it was not asked or did not answer.
        """
        if self.hub and is_repo_id(repo_id) and (self.hub / "datasets" / repo_id).is_dir():
            return
        self._online(f"whether there is a data set {repo_id}").dataset(repo_id)

    def model(self, repo_id: str) -> None:
        """Ask whether there is a model of this id, in the folder hub or on the Hub.

        Raises:
            NotFound: the Hub has none, or it is private.
            Unavailable: only the Hub can tell, and it was not asked or did not answer.
        """
        if self._mirrored(repo_id) is None:
            self._online(f"whether there is a model {repo_id}").open(repo_id)

    def validate(self, card: str) -> Validation:
        """Let the Hub check a card as it does before a commit.

        Raises:
            Unavailable: the Hub was not asked or did not say.
        """
        from cardlint.source.hub.validation import validate

        return validate(self._online("the Hub's own check of the card").client, card)

    @property
    def usage(self) -> Usage:
        """What the run has cost at the Hub so far."""
        return self._remote.usage if self._remote else Usage()

    @property
    def cost(self) -> dict[str, dict[str, int | float]]:
        """The same as plain data by place; empty where the network was not asked."""
        return {"hub": self.usage.json()} if self.usage.asked else {}

    def _is_offline(self) -> bool:
        # The words that huggingface_hub takes for true (constants.py).
        asked = os.environ.get("HF_HUB_OFFLINE", "") or os.environ.get("TRANSFORMERS_OFFLINE", "")
        return self.offline or asked.upper() in {"1", "ON", "YES", "TRUE"}

    def _online(self, what: str) -> Hub:
        if self._is_offline():
            raise Offline(
                f"{what}: the Hub was not asked (offline)",
                remedy="Leave out --offline and unset HF_HUB_OFFLINE.",
            )
        if self._remote is None:
            from cardlint.source.hub import Hub
            from cardlint.source.store import RunStore, Store

            store = Store() if self.keep else RunStore()
            self._remote = Hub(self.limits, store, self.cache)
        return self._remote

    def close(self) -> None:
        """Let go of files and connections."""
        for source in self._opened.values():
            if isinstance(source, Source):
                source.close()
        if self._remote:
            self._remote.close()


def _existing(text: str) -> Path | None:
    try:
        path = Path(text)
        return path if text and path.exists() else None
    except (OSError, ValueError):  # too long, or a NUL: no path
        return None


def _folder(path: Path, repo_id: str | None) -> Source:
    dot_git = path / ".git"
    if not (os.path.lexists(dot_git) or (path / "objects").is_dir()):
        return LocalFolder(path, repo_id)
    from cardlint.source.git import Git, GitCommit, LinkedWorkTree, WorkTree, is_git

    if dot_git.is_file() or dot_git.is_symlink():
        return LinkedWorkTree(path, repo_id)
    if is_git(dot_git):
        return WorkTree(path, repo_id)
    if not dot_git.exists() and is_git(path):
        return GitCommit(Git(path, path), None, repo_id)
    return LocalFolder(path, repo_id)


def _folders(folder: Path) -> Iterator[Path]:
    try:
        for item in sorted(folder.iterdir()):
            if item.is_dir() and not item.name.startswith("."):
                yield item
    except OSError as error:
        raise NotFound(f"{folder} cannot be listed: {error.strerror}") from error


def _anew(reason: Unavailable) -> Unavailable:
    """The same refusal without a history: its traceback would keep every caller alive."""
    return type(reason)(reason.message, remedy=reason.remedy)
