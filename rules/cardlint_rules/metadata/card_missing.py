"""``metadata/card-missing``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Location, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule


class CardMissing(Rule):
    """The repository has no README.md.

    ## What it checks
    `README.md` stands at the top of the repository. A file of that name in another spelling is named.

    ## Why it matters
    `README.md` is the model card: without it the Hub shows and knows nothing of the model, and nothing
    else about the card can be checked.

    ## Example
    ```text
    config.json
    model.safetensors
    ```

    ## How to fix
    `cardlint init .` writes a card from what the files tell, and marks what only you know.

    ## Sources
    - Hub documentation, "Model Cards": the card is the `README.md` file of the repository
    """

    id = "metadata/card-missing"
    severity = Severity.WARNING
    needs = frozenset({Fact.FILES})
    frameworks = ("mof:intended-use", "mof:limitations")

    def check(self, repo: Repository) -> Iterator[Finding]:
        if "README.md" in repo.files or "README.md" in repo.source.skipped:
            return  # one that is there and cannot be read is "not checked"
        like = [p for p in repo.files if p.lower() in {"readme", "readme.md", "readme.txt"}]
        named = f"; {like[0]} is another name to the Hub" if like else ""
        yield self.finding(
            f"The repository has no README.md{named}.",
            Location("README.md"),
            next_step=f"Rename {like[0]} to README.md." if like else "Run `cardlint init .`.",
            evidence={"files": len(repo.files)},
        )
