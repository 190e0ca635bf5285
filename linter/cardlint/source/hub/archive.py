"""A long history in one request: the commits, trees and small files of a repository, as git sends them.

One file list and one card for each of a thousand commits would be two thousand requests. Git's own
protocol (gitprotocol-pack(5), gitprotocol-http(5)) sends them all in one answer, without what is
kept in LFS and, where the Hub filters, without files above a megabyte.
"""

from __future__ import annotations

import base64
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cardlint.errors import Malformed
from cardlint.source.git import Git
from cardlint.source.hub.client import Asked, Client, TryAgain

MAX_PACK = 256 << 20
"""Bytes of a pack that are taken at most."""
WORTH = 50
"""Commits from which on this is better than asking for each."""
_FILTER = b"blob:limit=1m"
_DATA, _PROGRESS, _FAILURE = 1, 2, 3


def fetch(client: Client, repo_id: str, commit: str) -> Git:
    """Fetch all that leads to a commit, into a folder that goes when it is let go of.

    Raises:
        Unavailable: it cannot be had in this way.
    """
    asked = Asked(repo_id, "the git history")
    folder = tempfile.mkdtemp(prefix="cardlint-")
    try:
        git = Path(folder, "git")
        packs = git / "objects" / "pack"
        packs.mkdir(parents=True)
        (git / "HEAD").write_text(commit + "\n")
        pack = packs / "pack-fetched.pack"
        client.trying(asked, lambda: _download(client, repo_id, commit, pack, asked))
        _index(pack, asked)
        opened = Git(git, git)
        opened.commit(commit)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(opened, shutil.rmtree, folder, ignore_errors=True)
    return opened


def _download(client: Client, repo_id: str, commit: str, pack: Path, asked: Asked) -> None:
    url = f"{client.site}/{repo_id}"
    headers = _credentials(client)
    with client.following(
        f"{url}/info/refs?service=git-upload-pack", headers, asked, leave=False
    ) as response:
        offered = client.body(response, asked, None, 16 << 20)
        service = str(response.url).partition("/info/refs")[0]
    capabilities = offered.partition(b"\0")[2].partition(b"\n")[0].split(b" ")
    if b"side-band-64k" not in capabilities:
        raise Malformed(f"{repo_id} is not offered as a git repository")
    known = (b"side-band-64k", b"ofs-delta", b"no-progress", b"filter")
    wishes = b" ".join(wish for wish in known if wish in capabilities)
    body = _line(b"want " + commit.encode() + b" " + wishes + b"\n")
    if b"filter" in capabilities:
        body += _line(b"filter " + _FILTER + b"\n")
    body += b"0000" + _line(b"done\n")
    headers |= {
        "content-type": "application/x-git-upload-pack-request",
        "accept": "application/x-git-upload-pack-result",
    }
    with (
        client.send(f"{service}/git-upload-pack", headers, asked, body) as response,
        pack.open("wb") as file,
    ):
        if response.status_code != 200:
            raise Malformed(f"the git history of {repo_id} was refused: {response.status_code}")
        _unwrap(client.parts(response, asked, MAX_PACK), file, asked)


def _credentials(client: Client) -> dict[str, str]:
    """Git knows a token as a password; as every header of the kind, it stays at the Hub."""
    if not client.token:
        return {}
    pair = base64.b64encode(f"cardlint:{client.token}".encode()).decode()
    return {"authorization": f"Basic {pair}"}


def _line(data: bytes) -> bytes:
    return b"%04x" % (len(data) + 4) + data


def _unwrap(parts: Iterator[bytes], file: BinaryIO, asked: Asked) -> None:
    """Take the pack out of its side band (gitprotocol-pack(5), "Packfile Data")."""
    buffer = bytearray()
    for part in parts:
        buffer += part
        while len(buffer) >= 4:
            try:
                length = int(buffer[:4], 16)
            except ValueError:
                raise TryAgain(
                    Malformed(f"{asked.what} of {asked.repo_id} is no git answer")
                ) from None
            if length < 4:
                del buffer[:4]
                continue
            if len(buffer) < length:
                break
            line = bytes(buffer[4:length])
            del buffer[:length]
            if line[:1] == bytes([_DATA]):
                file.write(line[1:])
            elif line[:1] == bytes([_FAILURE]) or line.startswith(b"ERR "):
                raise Malformed(f"{asked.what} of {asked.repo_id} was refused by git")
    if buffer:
        raise TryAgain(Malformed(f"{asked.what} of {asked.repo_id} was cut short"))


def _index(pack: Path, asked: Asked) -> None:
    from dulwich.object_format import SHA1
    from dulwich.pack import PackData

    try:
        with PackData(str(pack), object_format=SHA1) as data:
            data.check()
            data.create_index(str(pack.with_suffix(".idx")))
    except Exception as error:  # dulwich's kinds are many; to the user all are one
        raise Malformed(f"{asked.what} of {asked.repo_id} came damaged") from error
