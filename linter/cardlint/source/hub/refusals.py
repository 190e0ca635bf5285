"""What the Hub's refusals mean, and what to do about each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardlint.errors import AccessDenied, Malformed, NotFound, Unavailable, Unreachable

if TYPE_CHECKING:
    from cardlint.source.hub.library import httpx


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request is for, in the words of a message."""

    repo_id: str
    what: str
    opening: bool = False
    """Whether it is the first request about the repository: only its answer can say that there is
    none. Later on, the repository is known to be there."""


def refusal(response: httpx.Response, asked: Asked, *, site: str, token: bool) -> Unavailable:
    """The reason behind an answer of 400 and more.

    huggingface_hub sorts them (``hf_raise_for_status``); two things it leaves open: a missing
    repository is a 401 without a code where the URL is not https, and a refused token is no
    missing repository.

    Args:
        response: the answer; its body is not looked at.
        asked: what the request was for.
        site: the Hub's address, for links.
        token: whether a token was sent.
    """
    from cardlint.source.hub.library import errors, hf_raise_for_status, httpx

    repo_id, what = asked.repo_id, asked.what
    said = response.headers.get("x-error-message", "")[:200]
    code = response.headers.get("x-error-code", "")
    bare = httpx.Response(
        response.status_code,
        headers={"x-error-code": code, "x-error-message": said},
        request=response.request,
    )
    try:
        hf_raise_for_status(bare)
    except errors.GatedRepoError:
        return AccessDenied(
            f"{repo_id} is gated: {what} is only for accounts that were granted access",
            remedy=_gated(f"{site}/{repo_id}", token=token),
        )
    except errors.DisabledRepoError:
        return disabled(repo_id)
    except errors.RevisionNotFoundError:
        return NotFound(
            f"{repo_id} has no such revision ({what})",
            remedy=f"See {site}/{repo_id}/commits for those that there are.",
        )
    except errors.EntryNotFoundError:
        return NotFound(f"{what} is not in {repo_id}")
    except (errors.HfHubHTTPError, errors.RepositoryNotFoundError):
        pass
    status = response.status_code
    if (
        status == 401 and token and "redential" in said
    ):  # "Invalid credentials in Authorization header"
        return AccessDenied(
            f"the Hub refused the token while {repo_id} was asked for",
            remedy="Log in again with `hf auth login`, or set HF_TOKEN to a valid token.",
        )
    if asked.opening and (code == "RepoNotFound" or status == 401):
        if token:
            return NotFound(
                f"{repo_id} does not exist on {site}, or is private and the token does not open it",
                remedy="Check the spelling and which account the token belongs to.",
            )
        return NotFound(
            f"{repo_id} does not exist on {site}, or is private",
            remedy="Check the spelling; for a private repository set HF_TOKEN.",
        )
    if status in {401, 403}:
        return AccessDenied(
            f"the Hub refuses {what} of {repo_id}{f': {said}' if said else ''}",
            remedy="Check what the token may read.",
        )
    if status == 429:
        return Unreachable(
            f"the Hub's rate limit is reached ({repo_id}, {what})",
            remedy="Try again in five minutes, or set HF_TOKEN: accounts have higher limits.",
        )
    if status >= 500 or status == 408:
        return Unreachable(
            f"the Hub answers {status} for {what} of {repo_id}", remedy="Try again later."
        )
    return Malformed(f"the Hub answers {status} for {what} of {repo_id}")


def disabled(repo_id: str) -> AccessDenied:
    """The Hub itself closed the repository."""
    return AccessDenied(
        f"{repo_id} is disabled: the Hub closed it",
        remedy="Only its owner or the Hub's staff can open it again.",
    )


def _gated(url: str, *, token: bool) -> str:
    if token:
        return f"Ask for access at {url} with the account of the token."
    return f"Ask for access at {url}, then set HF_TOKEN."
