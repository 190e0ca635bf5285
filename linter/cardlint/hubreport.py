"""Telling a repository's owners on the Hub, on request only: one discussion, edited ever after.

The Hub has no place for check results but discussions and pull requests (hub-docs, "Pull requests
and Discussions"). A second run edits what the first one opened; it never opens a second one, and a
repository without findings gets none at all.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from cardlint.errors import AccessDenied, Unavailable, Unreachable
from cardlint.findings import Report, TargetReport
from cardlint.report.interface import Style, render

if TYPE_CHECKING:
    from cardlint.source.interface import Source

log = logging.getLogger(__name__)

TITLE = "cardlint report"
PR_TITLE = "Mend what cardlint can mend safely"
MARK = "<!-- cardlint:report -->"
PR_MARK = "<!-- cardlint:fixes {} -->"
MAX_BODY = 60_000
"""Characters; the Hub refuses a comment of more than 65,536."""
MAX_LISTED = 500
"""Discussions that are looked through for ours."""
FOOTER = (
    "_This comment is edited at each run. It says what was measured in this repository at the "
    "commit named above, and why some things could not be checked. It is no statement about "
    "persons and no legal opinion. `cardlint rule ID` explains each rule; cardlint {version}._"
)


@dataclass(frozen=True, slots=True)
class Posted:
    """What was done on the Hub."""

    what: str
    """``opened``, ``edited``, ``unchanged`` or ``nothing to say``."""
    url: str | None = None


def post(report: Report, target: TargetReport, api: Any = None) -> Posted:
    """Tell one repository's owners what was found, in one discussion.

    Args:
        report: the run.
        target: the target of it that is told about; it is a repository on the Hub.
        api: a ``huggingface_hub.HfApi``; by default one with the user's token and endpoint.

    Raises:
        AccessDenied: there is no token, or it may not write discussions there.
        Unavailable: the Hub does not answer, or ``target`` is not on it.
    """
    repo_id = _id(target)
    body = _body(Report((target,), report.rules))
    with _refusals(repo_id):
        api = api or _api()
        for discussion, comment in _ours(api, repo_id, "discussion", MARK):
            url = f"{api.endpoint}/{repo_id}/discussions/{discussion.num}"
            if comment.content == body:
                return Posted("unchanged", url)
            if _edit(api, repo_id, discussion.num, comment.id, body):
                return Posted("edited", url)
        if not target.findings:
            return Posted("nothing to say")
        opened = api.create_discussion(repo_id=repo_id, title=TITLE, description=body)
        return Posted("opened", f"{api.endpoint}/{repo_id}/discussions/{opened.num}")


def propose(report: Report, target: TargetReport, source: Source, api: Any = None) -> Posted:
    """Propose the safe fixes of one repository, in one pull request.

    Args:
        report: the run.
        target: the target of it that is mended; it is a repository on the Hub.
        source: that repository at the commit that was checked.
        api: as in :func:`post`.

    Raises:
        AccessDenied: there is no token, or it may not propose changes there.
        Unavailable: the Hub does not answer, or ``target`` is not on it.
    """
    repo_id = _id(target)
    changed = _changes(target, source)
    if not changed:
        return Posted("nothing to say")
    digest = hashlib.sha256(repr(sorted(changed.items())).encode("utf-8", "replace")).hexdigest()
    body = f"{PR_MARK.format(digest)}\n{_body(Report((target,), report.rules))}"
    with _refusals(repo_id):
        api = api or _api()
        for proposal, comment in _ours(api, repo_id, "pull_request", PR_MARK.partition("{")[0]):
            url = f"{api.endpoint}/{repo_id}/discussions/{proposal.num}"
            if digest in comment.content:
                return Posted("unchanged", url)
            if _edit(api, repo_id, proposal.num, comment.id, body):
                _commit(api, repo_id, changed, body, revision=f"refs/pr/{proposal.num}")
                return Posted("edited", url)
        made = _commit(api, repo_id, changed, body, create_pr=True, parent=target.revision)
        return Posted("opened", made.pr_url)


def _id(target: TargetReport) -> str:
    if target.repository is None or target.root is not None:
        raise Unavailable(
            f"{target.target} is not a repository on the Hub",
            remedy="Give org/name, without --hub, to report there.",
        )
    return target.repository


def _body(report: Report) -> str:
    from cardlint import __version__

    told = render("markdown", report, Style())
    footer = FOOTER.format(version=__version__)
    room = MAX_BODY - len(footer)
    if len(told) > room:
        told = told[:room].rpartition("\n")[0] + "\n\n… cut: the whole report is too long.\n"
    return f"{MARK}\n{told}\n{footer}"


def _changes(target: TargetReport, source: Source) -> dict[str, str]:
    """Path → text after all safe fixes, for the files that change."""
    from cardlint.fixing import apply

    paths = {e.path for f in target.findings if f.fix and f.fix.safe for e in f.fix.edits}
    before = {p: source.read_text(p) for p in paths if p in source.entries()}
    after = apply(before, target.findings, unsafe=False)
    return {path: text for path, text in after.items() if before.get(path) != text}


def _api() -> Any:
    from huggingface_hub import HfApi, get_token

    if not get_token():
        raise AccessDenied(
            "writing on the Hub needs a token, and there is none",
            remedy="Run `hf auth login`, or set HF_TOKEN to one that may write discussions.",
        )
    return HfApi(library_name="cardlint")


def _ours(api: Any, repo_id: str, kind: str, mark: str) -> Iterator[tuple[Any, Any]]:
    """Open discussions of ours with their first comment; also those that others made look so."""
    listed = api.get_repo_discussions(repo_id=repo_id, discussion_type=kind)
    for discussion in islice(listed, MAX_LISTED):
        if discussion.title not in {TITLE, PR_TITLE}:
            continue
        if kind == "pull_request" and discussion.status not in {"open", "draft"}:
            continue
        details = api.get_discussion_details(repo_id=repo_id, discussion_num=discussion.num)
        first = next((e for e in details.events if e.type == "comment"), None)
        if first is not None and mark in first.content:
            yield discussion, first


def _edit(api: Any, repo_id: str, number: int, comment: str, body: str) -> bool:
    """Whether the comment could be edited: that of somebody else cannot."""
    from huggingface_hub.errors import HfHubHTTPError

    try:
        api.edit_discussion_comment(
            repo_id=repo_id, discussion_num=number, comment_id=comment, new_content=body
        )
    except HfHubHTTPError as error:
        if error.response.status_code not in {401, 403}:
            raise
        log.debug("discussion %s of %s is not ours", number, repo_id)
        return False
    return True


def _commit(
    api: Any,
    repo_id: str,
    changed: Mapping[str, str],
    body: str,
    *,
    revision: str | None = None,
    create_pr: bool = False,
    parent: str | None = None,
) -> Any:
    from huggingface_hub import CommitOperationAdd

    return api.create_commit(
        repo_id=repo_id,
        operations=[
            CommitOperationAdd(path_in_repo=path, path_or_fileobj=text.encode())
            for path, text in sorted(changed.items())
        ],
        commit_message=PR_TITLE,
        commit_description=body,
        revision=revision,
        create_pr=create_pr,
        parent_commit=parent,
    )


class _refusals:  # noqa: N801  # used as a context manager, like contextlib.suppress
    """Turns the client's errors into ours, without addresses or tokens."""

    def __init__(self, repo_id: str) -> None:
        self.repo_id = repo_id

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        from huggingface_hub.errors import HfHubHTTPError

        if isinstance(error, HfHubHTTPError):
            status = error.response.status_code
            if status in {401, 403, 404}:
                raise AccessDenied(
                    f"the token may not write to {self.repo_id} ({status})",
                    remedy="Use a token that may write discussions there.",
                ) from error
            raise Unreachable(
                f"the Hub refused to take the report of {self.repo_id} ({status})",
                remedy="Try again later.",
            ) from error
        if isinstance(error, OSError):
            raise Unreachable(
                f"the Hub did not answer about {self.repo_id}: {type(error).__name__}",
                remedy="Try again later.",
            ) from error
