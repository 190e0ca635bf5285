"""The application: a form for a model id, reports, comparisons.

It reads no path that a visitor names: only ids ``org/name`` and revisions, through the folder hub,
the cache or the Hub that the person who started it chose. Every answer has a strict content policy;
no page needs a script.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from cardlint.compliance.i18n import LANGUAGES
from cardlint.repository import Options
from cardlint.source.interface import is_repo_id
from cardlint.source.resolve import Resolver
from cardlint.web.jobs import Full, Job, Jobs, State
from cardlint.web.pages import render

REVISION = re.compile(r"[A-Za-z0-9][\w./-]{0,99}", re.ASCII)
"""A branch, tag or commit; ``..`` is refused below."""
MAX_BODY = 4096
"""Bytes of a form."""
MAX_PARENTS = 4
WAIT = 20
"""Seconds that a page waits for its job; then it shows a link that asks again."""
POLICY = "Content-Security-Policy"
HEADERS = {
    POLICY: (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Refused(Exception):  # noqa: N818  # an answer to a visitor
    """What was typed cannot be used; the message says why."""


def model_id(text: str) -> str:
    """``org/name`` or ``org/name@revision``, never a path.

    Raises:
        Refused: it is neither.
    """
    repo_id, _, revision = text.strip().removeprefix("hf://").partition("@")
    if not is_repo_id(repo_id):
        raise Refused("Write the id of a model as org/name or org/name@revision.")
    if revision and (not REVISION.fullmatch(revision) or ".." in revision):
        raise Refused("Write the revision as a branch, a tag or a commit.")
    return f"{repo_id}@{revision}" if revision else repo_id


def known_language(tag: str) -> str:
    """A language that reports are written in.

    Raises:
        Refused: it is none.
    """
    if tag not in LANGUAGES:
        raise Refused("Choose one of the languages.")
    return tag


def parent_ids(text: str) -> list[str]:
    """The ids of parents, with spaces between them.

    Raises:
        Refused: too many, or one is no id.
    """
    names = text.split()
    if len(names) > MAX_PARENTS:
        raise Refused("Name at most four parents.")
    return [model_id(name) for name in names]


def build(make_resolver: Callable[[], Resolver], options: Options, hosts: list[str]) -> Starlette:
    """The ASGI application.

    Args:
        make_resolver: makes what opens repositories, anew for each job.
        options: what a job may cost.
        hosts: the names under which the server may be asked (against DNS rebinding).
    """
    jobs = Jobs()

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        del app
        yield
        jobs.close()

    async def home(request: Request) -> Response:
        return page(request, "home.html", message=None)

    async def style(request: Request) -> Response:
        del request
        css = files("cardlint.web").joinpath("style.css").read_text("utf-8")
        return Response(
            css, media_type="text/css", headers={**HEADERS, "Cache-Control": "max-age=3600"}
        )

    async def submit(request: Request) -> Response:
        try:
            form = await _form(request)
            model = model_id(form.get("model", ""))
            language = known_language(form.get("lang", "en"))
            parents = parent_ids(form.get("parents", ""))
            work = _comparison(model, parents, language) if parents else _report(model, language)
            title = " ".join([model, *parents])
            key = hashlib.sha256(repr((model, parents, language)).encode()).hexdigest()[:32]
            jobs.submit(Job(key, title, work, own=bool(parents)))
        except Refused as refused:
            return page(request, "home.html", 400, message=str(refused))
        except Full:
            return page(
                request, "home.html", 503, message="Too many reports wait. Try again in a minute."
            )
        return RedirectResponse(f"/job/{key}?lang={language}", 303)

    def _report(model: str, language: str) -> Callable[[], bytes]:
        def work() -> bytes:
            from cardlint.compliance.scan import scan
            from cardlint.report.compliance import html

            document, _ = scan(model, make_resolver(), options, language, (), "public-sector", None)
            return html.render(document)

        return work

    def _comparison(model: str, parents: list[str], language: str) -> Callable[[], bytes]:
        def work() -> bytes:
            from cardlint.web import comparison

            return comparison.render(model, parents, make_resolver(), options, language)

        return work

    async def job(request: Request) -> Response:
        found = jobs.get(request.path_params["key"])
        if found is None:
            return page(
                request,
                "home.html",
                404,
                message="This report is no longer kept. Ask for it again.",
            )
        for _ in range(WAIT * 5):  # the answer waits instead of the page asking again and again
            if found.state in {State.DONE, State.FAILED}:
                break
            await asyncio.sleep(0.2)
        if found.state is State.DONE:
            return RedirectResponse(f"/result/{found.key}", 303)
        status = 200 if found.state is not State.FAILED else 502
        return page(request, "job.html", status, job=found)

    async def result(request: Request) -> Response:
        found = jobs.get(request.path_params["key"])
        if found is None or found.state is not State.DONE:
            return page(
                request,
                "home.html",
                404,
                message="This report is no longer kept. Ask for it again.",
            )
        # A report carries its own, stricter policy, with the hash of its style sheet.
        headers = HEADERS if found.own else {k: v for k, v in HEADERS.items() if k != POLICY}
        return HTMLResponse(found.result, headers=headers)

    return Starlette(
        routes=[
            Route("/", home),
            Route("/style.css", style),
            Route("/submit", submit, methods=["POST"]),
            Route("/job/{key:str}", job),
            Route("/result/{key:str}", result),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts)],
        lifespan=lifespan,
    )


async def _form(request: Request) -> dict[str, str]:
    """A small url-encoded form from our own page.

    Raises:
        Refused: it is too large or comes from another site.
    """
    from urllib.parse import parse_qsl

    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Refused("Send the form from this page.")
    origin = request.headers.get("origin")
    if origin not in {None, "null", f"{request.url.scheme}://{request.url.netloc}"}:
        raise Refused("Send the form from this page.")
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY:
            raise Refused("The form is too long.")
    return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=8))


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """One of our own pages in the visitor's language."""
    language = request.query_params.get("lang", "en")
    if language not in LANGUAGES:
        language = "en"
    text = render(template, language, **values)
    return HTMLResponse(text, status, headers=HEADERS)
