"""One queue of jobs with limits: a page asks for work, one worker does it, results are kept a while."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from cardlint.errors import CardlintError

log = logging.getLogger(__name__)


class State(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass
class Job:
    """One piece of work; the same key asked for again is the same job."""

    key: str
    title: str
    work: Callable[[], bytes]
    own: bool
    """Whether the result is a page of this site, with its style sheet."""
    state: State = State.WAITING
    result: bytes = b""
    error: str = ""
    remedy: str | None = None
    started: float = 0.0


class Full(Exception):  # noqa: N818  # as queue.Full
    """Too many jobs wait."""


class Jobs:
    """A bounded queue with one worker thread.

    Args:
        waiting: jobs that may wait at once.
        kept: finished jobs whose results are kept.
    """

    def __init__(self, *, waiting: int = 8, kept: int = 32) -> None:
        self._queue: queue.Queue[Job | None] = queue.Queue(waiting)
        self._kept = kept
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()
        self._worker = threading.Thread(target=self._run, name="cardlint-jobs", daemon=True)
        self._worker.start()

    def submit(self, job: Job) -> Job:
        """Put a job in the queue, or find the one that was asked for before.

        Raises:
            Full: too many wait.
        """
        with self._lock:
            known = self._jobs.get(job.key)
            if known is not None and known.state is not State.FAILED:
                return known
            try:
                self._queue.put_nowait(job)
            except queue.Full:
                raise Full from None
            self._jobs[job.key] = job
            self._jobs.move_to_end(job.key)
            finished = [k for k, j in self._jobs.items() if j.state in {State.DONE, State.FAILED}]
            for key in finished[: max(0, len(finished) - self._kept)]:
                del self._jobs[key]
            return job

    def get(self, key: str) -> Job | None:
        """A job by its key, while it is kept."""
        with self._lock:
            return self._jobs.get(key)

    def close(self) -> None:
        """Finish the job at hand and stop."""
        self._queue.put(None)
        self._worker.join(timeout=30)

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            job.state, job.started = State.RUNNING, time.monotonic()
            try:
                job.result = job.work()
                job.state = State.DONE
            except CardlintError as error:
                job.error, job.remedy = error.message, error.remedy
                job.state = State.FAILED
            except Exception:  # one job must not end the server
                log.exception("a job failed")
                job.error = "cardlint failed to do this; the server's log says why"
                job.state = State.FAILED
