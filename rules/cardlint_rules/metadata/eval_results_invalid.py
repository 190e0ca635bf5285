"""``metadata/eval-results-invalid``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from cardlint.card.reading import document
from cardlint.card.shapes import Mismatch
from cardlint.card.specification import EVAL_RESULTS
from cardlint.card.vocabulary import nearest
from cardlint.errors import Unavailable
from cardlint.findings import Finding, NotChecked, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.metadata._front_matter import MAX_FINDINGS, clip

FOLDER = ".eval_results"
MAX_FILES = 100
MAX_BYTES = 1 << 20


class EvalResultsInvalid(Rule):
    """A file of evaluation results is not as the Hub reads it.

    ## What it checks
    Each `.eval_results/*.yaml` is a list of results. A result has a `dataset` with `id` and
    `task_id`, and a `value`; it may have `date` (as text), `source` (with a `url`), `verifyToken`
    and `notes`.

    ## Why it matters
    The Hub shows these results on the model page and on the benchmark's leaderboard. One that it
    cannot read is left out without a word.

    ## Example
    ```yaml
    - dataset: {id: cais/hle}
      value: 20.9
    ```

    ## How to fix
    ```yaml
    - dataset: {id: cais/hle, task_id: default}
      value: 20.9
      date: "2026-01-31"
    ```

    ## Sources
    - hub-docs, `eval_results.yaml`
    - huggingface_hub, `EvalResultEntry`
    """

    id = "metadata/eval-results-invalid"
    severity = Severity.WARNING
    needs = frozenset({Fact.FILES})
    frameworks = ("hf:metadata", "g7-sbom-ai:evaluation")

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        paths = [p for p in repo.files if _is_results(p)]
        for path in paths[:MAX_FILES]:
            try:
                text = repo.source.read_text(path, MAX_BYTES)
            except Unavailable as reason:
                yield NotChecked(path, reason.message, reason.remedy)
                continue
            yield from self._file(path, text)
        if len(paths) > MAX_FILES:
            why = f"only the first {MAX_FILES} of {len(paths)} files are read"
            yield NotChecked(FOLDER, why)

    def _file(self, path: str, text: str) -> Iterator[Finding | NotChecked]:
        reading = document(text)
        for problem in reading.problems:
            yield self.finding(
                f"{path} is not YAML as the Hub reads it: {problem.message}.",
                problem.span.location(path),
                next_step="Mend the YAML here.",
                evidence={"problem": problem.code},
            )
        if reading.root is None or not reading.whole:
            return
        for number, found in enumerate(EVAL_RESULTS.check(reading.root, "")):
            if number == MAX_FINDINGS:
                why = f"it has more than {MAX_FINDINGS} faults; the rest are not listed"
                yield NotChecked(path, why, "Mend the first ones.")
                return
            yield self._mismatch(path, found)

    def _mismatch(self, path: str, found: Mismatch) -> Finding:
        close = nearest(found.key.text, found.known) if found.key else None
        step = f"Write {found.wanted.words()}." if found.wanted else "Take it out."
        if found.code == "missing":
            step = f"Add {found.path.rpartition('.')[2]}."
        elif close:
            step = f"Did you mean {close}?"
        return self.finding(
            f"{clip(found.path) or 'The file'} {found.said}.",
            found.span.location(path),
            next_step=step,
            evidence={"field": clip(found.path, 200), "problem": found.code},
        )


def _is_results(path: str) -> bool:
    pure = PurePosixPath(path)
    return pure.parent.as_posix() == FOLDER and pure.suffix in (".yaml", ".yml")
