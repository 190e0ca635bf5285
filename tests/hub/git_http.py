"""Git's own protocol over HTTP, served by git itself from a repository that the test made."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.hub.serving import Reply

COMMAND = ["git", "-c", "uploadpack.allowFilter=true", "-c", "uploadpack.allowAnySHA1InWant=true"]


def advertise(folder: Path) -> Reply:
    """``GET info/refs?service=git-upload-pack`` (gitprotocol-http(5))."""
    head = b"# service=git-upload-pack\n"
    rows = _run(folder, b"", "--advertise-refs")
    headers = {"content-type": "application/x-git-upload-pack-advertisement"}
    return Reply(200, headers, b"%04x" % (len(head) + 4) + head + b"0000" + rows)


def upload_pack(folder: Path, body: bytes) -> Reply:
    """``POST git-upload-pack``."""
    headers = {"content-type": "application/x-git-upload-pack-result"}
    return Reply(200, headers, _run(folder, body))


def _run(folder: Path, body: bytes, *options: str) -> bytes:
    command = [*COMMAND, "upload-pack", "--stateless-rpc", *options, str(folder)]
    return subprocess.run(command, input=body, capture_output=True, check=True).stdout
