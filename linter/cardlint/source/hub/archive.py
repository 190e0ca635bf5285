"""A history in two requests: the commits, trees and small files of a repository, as git sends them.

The Hub's API lists commits without saying what they touched: a file list and a card for each would
be two requests for each commit. Git's own protocol (gitprotocol-pack(5), gitprotocol-http(5)) sends
them all in one answer, without what is kept in LFS and, where the Hub filters, without files above
a megabyte.
"""

from __future__ import annotations

import base64
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cardlint.errors import Malformed, Unavailable, Unreachable
from cardlint.source.git import Git
from cardlint.source.git_pack import look_through
from cardlint.source.hub.client import Asked, Client, TryAgain
from cardlint.source.store import Store

MAX_REFS = 16 << 20
"""Bytes of the list of branches, tags and pull requests: about 250,000."""
MAX_PACK = 64 << 20
"""Bytes of a pack that are taken at most."""
MAX_SECONDS = 60.0
"""How long a pack may take to come; a server that never ends is not waited for."""
ATTEMPTS = 2
"""There is another way, if a costly one."""
MAX_KEPT = 16 << 20
"""Bytes of a pack that is kept for the next run."""
_FILTER = b"blob:limit=1m"
_DATA, _PROGRESS, _FAILURE = 1, 2, 3


def fetch(client: Client, store: Store, repo_id: str, commit: str) -> Git:
    """Fetch all that leads to a commit, into a folder that goes when it is let go of.

    What leads to a commit can never change, so it is asked for once.

    Raises:
        Unavailable: it cannot be had in this way.
    """
    asked = Asked(repo_id, "the git history")
    key = f"pack:{client.site}:{repo_id}:{commit}"
    folder = tempfile.mkdtemp(prefix="cardlint-")
    try:
        git = Path(folder, "git")
        packs = git / "objects" / "pack"
        packs.mkdir(parents=True)
        (git / "HEAD").write_text(commit + "\n")
        pack = packs / "pack-fetched.pack"
        known = store.get(key)
        if known is None:
            client.trying(asked, lambda: _download(client, commit, pack, asked), ATTEMPTS)
        else:
            pack.write_bytes(known)
            client.usage.add(cached=len(known))
        _index(pack, asked)
        opened = Git(git, git)
        opened.commit(commit)
        if known is None and pack.stat().st_size <= MAX_KEPT:
            store.put(key, pack.read_bytes())
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(opened, shutil.rmtree, folder, ignore_errors=True)
    return opened


def _download(client: Client, commit: str, pack: Path, asked: Asked) -> None:
    url = f"{client.site}/{asked.repo_id}"
    headers = _credentials(client)
    with client.following(
        f"{url}/info/refs?service=git-upload-pack", headers, asked, leave=False
    ) as response:
        offered = b"".join(_in_time(client.parts(response, asked, MAX_REFS), asked))
        service = str(response.url).partition("/info/refs")[0]
    capabilities = offered.partition(b"\0")[2].partition(b"\n")[0].split(b" ")
    if b"side-band-64k" not in capabilities:
        raise Malformed(f"{asked.repo_id} is not offered as a git repository")
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
        client.accept(response, asked)
        _unwrap(_in_time(client.parts(response, asked, MAX_PACK), asked), file, asked)


def _in_time(parts: Iterator[bytes], asked: Asked) -> Iterator[bytes]:
    """The same pieces, until they take too long all in all; trying again would take as long."""
    started = time.monotonic()
    late = Unreachable(
        f"{asked.what} of {asked.repo_id} did not come within {MAX_SECONDS:.0f} s",
        remedy="Clone the repository, and check the clone.",
    )
    try:
        for part in parts:
            if time.monotonic() - started > MAX_SECONDS:
                raise late
            yield part
    except TryAgain as reason:
        if isinstance(reason.reason, Unreachable):  # it drips
            raise late from None
        raise


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
        look_through(pack)
        with PackData(str(pack), object_format=SHA1) as data:
            data.check()
            data.create_index(str(pack.with_suffix(".idx")))
    except Unavailable:
        raise
    except Exception as error:  # dulwich's kinds are many; to the user all are one
        raise Malformed(f"{asked.what} of {asked.repo_id} came damaged") from error
