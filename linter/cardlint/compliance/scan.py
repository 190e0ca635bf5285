"""One scan: check a repository and distill the report's document from it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from cardlint import engine
from cardlint.checker import Checker
from cardlint.compliance.document import Request, build
from cardlint.compliance.framework import chosen
from cardlint.compliance.i18n import translator
from cardlint.errors import UsageError
from cardlint.repository import Options, Repository
from cardlint.source.resolve import Resolver

MAX_REPLY = 200_000
"""Characters of a publisher's reply."""


def scan(
    target: str,
    resolver: Resolver,
    options: Options,
    language: str,
    frameworks: tuple[str, ...],
    profile: str,
    reply: Path | None,
) -> tuple[dict[str, Any], Repository]:
    """Check ``target`` and build the document; the repository goes on to the evidence bundle.

    Raises:
        Unavailable: the repository cannot be read.
        UsageError: an option is wrong.
    """
    text = reply.read_text("utf-8") if reply else None
    if text is not None and len(text) > MAX_REPLY:
        raise UsageError(f"{reply} has {len(text):,} characters; at most {MAX_REPLY:,} are printed")
    wanted = chosen(frameworks, profile)
    repo = Repository(resolver.target(target), resolver, options)
    repo.files  # noqa: B018  # a repository without a file list is not there
    checker = Checker(resolver, options, {"profile": profile}, {"profile": "command line"})
    settings = checker.settings(target)
    rules = checker.selection(settings).rules
    report = engine.run(repo, rules, target, settings.policy(target))
    command = [
        "cardlint",
        "report",
        _pinned(repo, target),
        "--lang",
        language,
        "--profile",
        profile,
    ]
    for name in frameworks:
        command += ["--framework", name]
    request = Request(
        language=language,
        frameworks=wanted,
        profile=profile,
        reply=text,
        waivers=settings.waivers,
        command=[shlex.join([*command, "-o", "report.html"])],
    )
    return build(repo, report, request, translator(language)), repo


def _pinned(repo: Repository, target: str) -> str:
    """The target at the commit that was read, so that the command gives the same again."""
    commit = repo.source.identity.commit
    return f"{repo.id}@{commit}" if repo.id and commit else target
