"""From what the user typed, or a card names, to a source.

``TARGET`` is a path, ``org/name``, ``org/name@revision`` or ``hf://org/name@revision``. An upstream
id is looked for in the folder hub (``--hub``), then in the Hugging Face cache, then on the Hub;
``offline`` stops before the Hub and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cardlint.errors import NotFound, Offline, UsageError
from cardlint.source.interface import Source, is_repo_id
from cardlint.source.local import LocalCard, LocalFolder


@dataclass(slots=True)
class Resolver:
    """Opens repositories; one for each run, so that each is opened once."""

    hub: Path | None = None
    """A folder hub: ``hub/org/name`` is a folder or a bare git repository."""
    offline: bool = False
    _opened: dict[tuple[str, str | None], Source] = field(default_factory=dict)

    def target(self, text: str) -> Source:
        """Open what the user typed.

        Raises:
            UsageError: it is neither a path that exists nor a Hub id.
            Unavailable: it cannot be read.
        """
        path = Path(text)
        if not text.startswith("hf://") and path.exists():
            return self.local(path)
        repo_id, _, revision = text.removeprefix("hf://").partition("@")
        if is_repo_id(repo_id):
            return self.upstream(repo_id, revision or None)
        raise UsageError(
            f"{text} is neither a path that exists nor a Hub id",
            remedy="Give a folder, a README.md, org/name or org/name@revision.",
        )

    def local(self, path: Path, repo_id: str | None = None) -> Source:
        """Open a folder, a git repository or a single card."""
        if path.is_file():
            return LocalCard(path)
        return LocalFolder(path, repo_id)

    def upstream(self, repo_id: str, revision: str | None = None) -> Source:
        """Open a repository by its Hub id.

        Raises:
            Unavailable: it cannot be had, and why.
        """
        key = (repo_id, revision)
        if key not in self._opened:
            self._opened[key] = self._open(repo_id, revision)
        return self._opened[key]

    def _open(self, repo_id: str, revision: str | None) -> Source:
        if self.hub and is_repo_id(repo_id):
            folder = self.hub / repo_id
            if folder.is_dir():
                source = self.local(folder, repo_id)
                return source.at(revision) if revision else source
        if self.offline:
            raise Offline(f"{repo_id} is not in the folder hub or the cache, and --offline is set")
        raise NotFound(f"{repo_id} was not found")

    def children(self, repo_id: str) -> Sequence[str]:
        """Ids of repositories that declare ``repo_id`` as their base, as far as the place can tell.

        Raises:
            Unavailable: the place cannot tell.
        """
        raise Offline(f"which models name {repo_id} as their base is only known on the Hub")
