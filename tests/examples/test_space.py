"""The Space's command starts the page and answers under the Space's name only."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

SPACE = Path(__file__).parents[2] / "examples/space"


def answer(port: int, host: str) -> int:
    """The status of the first page when it is asked for under a name."""
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    ) as connection:
        connection.request("GET", "/", headers={"Host": host})
        response = connection.getresponse()
        response.read()
        return response.status


def test_the_command_of_the_image_serves() -> None:
    """As it stands in the Dockerfile, on a free port."""
    docker = (SPACE / "Dockerfile").read_text("utf-8")
    match = re.search(r"^CMD (\[.*\])$", docker, re.MULTILINE)
    assert match
    shell = json.loads(match[1])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shell[-1] = (
        shell[-1].replace("7860", str(port)).replace("cardlint serve", "exec cardlint serve")
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    server = subprocess.Popen(
        shell, env={**os.environ, "PATH": path, "SPACE_HOST": "me-cardlint.hf.space"}
    )
    try:
        for _ in range(100):
            try:
                assert answer(port, "me-cardlint.hf.space") == 200
                break
            except ConnectionRefusedError:
                time.sleep(0.1)
        assert answer(port, "evil.example") == 400
    finally:
        server.terminate()
        server.wait(timeout=20)
