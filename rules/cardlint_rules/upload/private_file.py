"""``upload/private-file``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Location, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.upload import names


class PrivateFile(Rule):
    """A file is named as one that holds somebody's own keys, passwords or history.

    ## What it checks
    No file is called `.env`, `.netrc`, `id_rsa`, `*.pem`, `.pypirc`, `kaggle.json` and the like,
    and none is in `.ssh`, `.aws` or a similar folder. `.env.example` is fine.

    ## Why it matters
    Such files are rarely meant for a public repository, and stay in its history once they were
    there. Whether this one holds a secret is not looked at; `upload/secret` does that.

    ## Example
    ```
    my-model/.env
    ```

    ## How to fix
    Move it out of the folder, or leave it out of the upload:
    ```console
    $ hf upload org/name . --exclude ".env"
    ```

    ## Sources
    - huggingface_hub, `upload_folder`: everything in the folder goes up but `.git` and caches
    """

    id = "upload/private-file"
    severity = Severity.WARNING
    needs = frozenset({Fact.FILES})
    profiles = frozenset({"before-upload"})

    def check(self, repo: Repository) -> Iterator[Finding]:
        for path in repo.files:
            part = names.private(path)
            if part:
                yield self.finding(
                    f"{path} would go up; files called {part} mostly hold keys or passwords.",
                    Location(path),
                    next_step=f"Move it out of the folder, or upload with --exclude '{path}'.",
                    evidence={"part": part},
                )
