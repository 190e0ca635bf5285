"""``upload/hub-limits``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cardlint.findings import Finding, Location, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule

GB = 10**9


class HubLimits(Rule):
    """A file or folder is larger than the Hub takes or advises.

    ## What it checks
    No file of more than 500 GB (refused) or 200 GB (advised), no more than 100,000 files, no more
    than 10,000 in one folder.

    ## Why it matters
    An upload that fails at its end costs hours; a repository near the limits is slow for everyone
    who uses it.

    ## Example
    `model.gguf` of 620 GB.

    ## How to fix
    Split weights into shards (`max_shard_size` of `save_pretrained`, `gguf-split`), and many small
    files into archives or folders.

    ## Sources
    - Hub documentation, Storage limits, "Repository limitations and recommendations"
    """

    id = "upload/hub-limits"
    severity = Severity.WARNING
    needs = frozenset({Fact.FILES})
    profiles = frozenset({"before-upload"})
    options = {  # noqa: RUF012  # read only, as the base class says
        "file_bytes": 500 * GB,
        "advised_file_bytes": 200 * GB,
        "files": 100_000,
        "files_per_folder": 10_000,
    }

    def check(self, repo: Repository) -> Iterator[Finding]:
        for path, entry in repo.files.items():
            if entry.size > self.option["advised_file_bytes"]:
                refused = entry.size > self.option["file_bytes"]
                limit = self.option["file_bytes" if refused else "advised_file_bytes"]
                yield self.finding(
                    f"{path} has {entry.size / GB:,.1f} GB; the Hub "
                    f"{'takes' if refused else 'advises'} at most {limit / GB:,.1f} GB for a file.",
                    Location(path),
                    next_step="Split it into shards.",
                    evidence={"bytes": entry.size, "limit": limit},
                    severity=Severity.ERROR if refused else None,
                )
        folders = Counter(path.rpartition("/")[0] for path in repo.files)
        for folder, number in sorted(folders.items()):
            if number > self.option["files_per_folder"]:
                yield self._many(f"{folder or 'The top folder'}", number, "files_per_folder")
        if len(repo.files) > self.option["files"]:
            yield self._many("The repository", len(repo.files), "files")

    def _many(self, what: str, number: int, option: str) -> Finding:
        limit = self.option[option]
        return self.finding(
            f"{what} has {number:,} files; the Hub advises at most {limit:,}.",
            Location(),
            next_step="Put them into folders or archives.",
            evidence={"files": number, "limit": limit},
        )
