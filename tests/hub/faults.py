"""Faults by script: which answers go wrong, how, and how often."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Fault:
    """One way of going wrong.

    ``kind`` is one of

    ``status``        answer ``code`` with ``headers`` and a small body
    ``hang``          say nothing for ``seconds``, then hang up
    ``drop``          send ``after`` bytes of the body, then hang up
    ``drip``          send the body one byte in ``seconds``
    ``ignore-range``  answer 200 with the whole file
    ``gzip``          answer 200 with the whole file, compressed
    ``wrong-range``   answer 206 with another Content-Range than asked for
    ``garbage``       answer 200 with bytes that are not what they should be
    ``redirect``      answer 307 to ``headers["location"]``
    """

    origin: str
    pattern: str
    """Searched in ``METHOD /path?query``."""
    kind: str
    times: int | None = None
    """How many answers go wrong; ``None`` for all."""
    skip: int = 0
    """How many matching requests go well before."""
    code: int = 503
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 3600.0
    after: int = 10
    met: int = 0
    """How often it struck."""


class Faults:
    """The script."""

    def __init__(self) -> None:
        self._script: list[Fault] = []
        self._lock = threading.Lock()
        self.over = threading.Event()
        """Set when the server ends, so that nothing hangs beyond it."""

    def add(self, fault: Fault) -> Fault:
        """Add to the script; the first that matches strikes."""
        with self._lock:
            self._script.append(fault)
        return fault

    @property
    def scripted(self) -> bool:
        """Whether there is a fault to meet."""
        return bool(self._script)

    def clear(self) -> None:
        """All goes well from here on."""
        with self._lock:
            self._script.clear()

    def strike(self, origin: str, request: str) -> Fault | None:
        """The fault that this request meets."""
        with self._lock:
            for fault in self._script:
                if fault.origin != origin or not re.search(fault.pattern, request):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.times is not None and fault.met >= fault.times:
                    continue
                fault.met += 1
                return fault
        return None
