"""A Hub webhook: when a watched model changes, check it and keep one discussion up to date.

Set WEBHOOK_SECRET (the one that the webhook was given) and HF_TOKEN (it may write discussions), and
run it as a Space with the Dockerfile beside this file, or anywhere that the Hub can reach::

    python app.py            # listens on PORT, by default 7860

One worker takes the changes in order, so that one model never gets two discussions.
"""

from __future__ import annotations

import hmac
import json
import logging
import os
import queue
import subprocess
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_BODY = 1 << 20
TIMEOUT = 900
"""Seconds that one check may take."""
log = logging.getLogger("webhook")
changes: queue.Queue[str] = queue.Queue(maxsize=1000)


def target(payload: dict[str, object]) -> str | None:
    """``org/name@commit`` of a change to a model's main branch; ``None`` for all other events."""
    repo, event = payload.get("repo"), payload.get("event")
    if not isinstance(repo, dict) or not isinstance(event, dict):
        return None
    if repo.get("type") != "model" or event.get("scope") != "repo.content":
        return None
    refs = payload.get("updatedRefs")
    for ref in refs if isinstance(refs, list) else []:
        if ref.get("ref") == "refs/heads/main" and ref.get("newSha"):
            return f"{repo['name']}@{ref['newSha']}"
    return None


def check(changed: str) -> int:
    """Check one model at one commit, and tell its owners; the exit code of cardlint."""
    command = [sys.executable, "-m", "cardlint", "check", changed, "--report-to-hub"]
    try:
        done = subprocess.run(  # noqa: S603  # the id was checked by the Hub and is by cardlint
            [*command, "--format", "concise"], timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        log.warning("%s took more than %d s", changed, TIMEOUT)
        return 3
    return done.returncode


def work() -> None:
    """Take changes one after the other, for ever."""
    while True:
        changed = changes.get()
        log.info("%s: exit code %d", changed, check(changed))
        changes.task_done()


class Webhook(BaseHTTPRequestHandler):
    """Answers at once; the check follows."""

    def do_POST(self) -> None:
        """Take one event."""
        secret = os.environ.get("WEBHOOK_SECRET", "")
        given = self.headers.get("X-Webhook-Secret", "")
        if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
            self._answer(HTTPStatus.FORBIDDEN)
            return
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 < length <= MAX_BODY:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        try:
            payload = json.loads(self.rfile.read(length))
        except ValueError:
            self._answer(HTTPStatus.BAD_REQUEST)
            return
        changed = target(payload) if isinstance(payload, dict) else None
        if changed:
            try:
                changes.put_nowait(changed)
            except queue.Full:
                self._answer(HTTPStatus.SERVICE_UNAVAILABLE)
                return
        self._answer(HTTPStatus.ACCEPTED if changed else HTTPStatus.NO_CONTENT)

    def _answer(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    threading.Thread(target=work, daemon=True).start()
    port = int(os.environ.get("PORT", "7860"))
    ThreadingHTTPServer(("0.0.0.0", port), Webhook).serve_forever()  # noqa: S104  # a Space is reached from outside
