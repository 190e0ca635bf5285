"""``upload/training-state``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Location, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.upload import names


class TrainingState(Rule):
    """Files that only a training run needs are in the folder.

    ## What it checks
    No optimizer, scheduler or random-number states (`optimizer.pt`, `scheduler.pt`,
    `rng_state*.pth`, DeepSpeed's `global_step*/`), no event files, no `wandb/`, no caches.

    ## Why it matters
    An optimizer state is twice the size of the model, of no use to others, and holds details of
    the run (paths, host names, sometimes data) that were not meant to be published.

    ## Example
    ```
    my-model/optimizer.pt
    ```

    ## How to fix
    ```console
    $ hf upload org/name . --exclude "optimizer.pt" --exclude "global_step*"
    ```

    ## Sources
    - transformers, `Trainer`: what a checkpoint folder holds beside the model
    - DeepSpeed documentation, "Model Checkpointing"
    """

    id = "upload/training-state"
    severity = Severity.WARNING
    needs = frozenset({Fact.FILES})
    profiles = frozenset({"before-upload"})

    def check(self, repo: Repository) -> Iterator[Finding]:
        found: dict[str, list[str]] = {}
        for path in repo.files:
            part = names.training(path)
            if part:
                folder = path.partition(f"{part}/")[0] + part if f"{part}/" in path else path
                found.setdefault(folder, []).append(path)
        for where, paths in found.items():
            size = sum(repo.files[p].size for p in paths)
            files = "" if paths == [where] else f" ({len(paths):,} files)"
            yield self.finding(
                f"{where}{files}, {size:,} bytes, would go up; only training needs it.",
                Location(paths[0]),
                next_step=f"Move it out of the folder, or upload with --exclude '{where}*'.",
                evidence={"files": len(paths), "bytes": size},
            )
