"""Commits and trees as git stores them, and the file list that a tree stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from cardlint.errors import Malformed, NotFound, OverBudget
from cardlint.source.git_objects import MEND, ObjectStore
from cardlint.source.interface import MAX_MESSAGE, MAX_TITLE, Commit, Entry, shortened
from cardlint.source.lfs import could_be_pointer, parse_pointer
from cardlint.source.local import MAX_DEPTH, MAX_FILES

MAX_TREE = 16 << 20
"""Bytes of one tree object: about 250,000 names."""
_FOLDER, _LINK, _SUBMODULE = 0o040000, 0o120000, 0o160000
_PERSON = re.compile(rb"(?P<name>.*?) ?<[^>]*> (?P<when>-?[0-9]{1,12}) [+-][0-9]{4}")
_LAST_SECOND = 253402300799  # 9999-12-31T23:59:59Z, the last that datetime holds


def parse_commit(id_: str, data: bytes) -> tuple[Commit, str]:
    """Read a commit object (gitformat: header lines, an empty line, the message).

    Args:
        id_: its id.
        data: its content.

    Returns:
        The commit and the id of its tree. The date is the committer's: when it came to be here.

    Raises:
        Malformed: it lacks a tree or a date.
    """
    head, _, message = data.partition(b"\n\n")
    fields: dict[bytes, list[bytes]] = {}
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        fields.setdefault(key, []).append(value)
    committer = _PERSON.fullmatch(fields.get(b"committer", [b""])[0])
    if b"tree" not in fields or not committer:
        raise Malformed(f"git commit {id_} has no tree or no date", remedy=MEND)
    author = _PERSON.fullmatch(fields.get(b"author", [b""])[0])
    title, _, body = _text(message, fields).strip().partition("\n")
    second = min(max(int(committer["when"]), 0), _LAST_SECOND)
    commit = Commit(
        id=id_,
        date=datetime.fromtimestamp(second, UTC),
        title=shortened(title.strip(), MAX_TITLE),
        message=shortened(body.strip(), MAX_MESSAGE),
        authors=(author["name"].decode("utf-8", "replace"),) if author else (),
        parents=tuple(p.decode("ascii") for p in fields.get(b"parent", [])),
    )
    return commit, fields[b"tree"][0].decode("ascii")


def _text(message: bytes, fields: Mapping[bytes, list[bytes]]) -> str:
    encoding = fields.get(b"encoding", [b"utf-8"])[0].decode("ascii", "replace")
    try:
        return message.decode(encoding, "replace")
    except LookupError:
        return message.decode("utf-8", "replace")


class Files:
    """File lists of trees; what was learnt of a folder or a file serves every commit that has it.

    Args:
        objects: where the trees are.
    """

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self._trees: dict[str, tuple[tuple[int, str, str], ...]] = {}
        self._blobs: dict[str, Entry] = {}
        self._lists: dict[str, tuple[dict[str, Entry], dict[str, str]]] = {}

    def of(self, tree: str) -> tuple[Mapping[str, Entry], Mapping[str, str]]:
        """The files below a tree, in order of path, and what is not a file there, with the reason.

        Raises:
            Malformed: it is too large or too deep to be a model's, or damaged.
        """
        if tree not in self._lists:
            skipped: dict[str, str] = {}
            files = dict(sorted((e.path, e) for e in self._walk(tree, skipped)))
            while len(self._lists) >= 16:  # a long history: the last ones are asked for again
                del self._lists[next(iter(self._lists))]
            self._lists[tree] = (files, skipped)
        return self._lists[tree]

    def _walk(self, tree: str, skipped: dict[str, str]) -> Iterator[Entry]:
        waiting = [("", tree, 0)]
        seen = 0
        while waiting:
            prefix, id_, depth = waiting.pop()
            for mode, name, child in self._tree(id_):
                seen += 1
                if seen > MAX_FILES:
                    raise Malformed(f"git tree {tree} has more than {MAX_FILES:,} entries")
                path = prefix + name
                kind = mode & 0o170000
                if name in {".", "..", ".git"} or "/" in name or "\\x" in name:
                    skipped[path] = "a name that no file can have here"
                elif kind == _FOLDER and depth == MAX_DEPTH:
                    skipped[path] = f"more than {MAX_DEPTH} folders deep"
                elif kind == _FOLDER:
                    waiting.append((path + "/", child, depth + 1))
                elif kind == _LINK:
                    skipped[path] = "a symbolic link"
                elif kind == _SUBMODULE:
                    skipped[path] = "a git submodule"
                else:
                    yield self._blob(path, child)

    def _tree(self, id_: str) -> tuple[tuple[int, str, str], ...]:
        if id_ not in self._trees:
            self._trees[id_] = tuple(_parse_tree(self._objects.read(id_, "tree", MAX_TREE)))
        return self._trees[id_]

    def _blob(self, path: str, id_: str) -> Entry:
        if id_ not in self._blobs:
            self._blobs[id_] = self._look(id_)
        known = self._blobs[id_]
        return Entry(path, known.size, known.blob_id, known.sha256, known.present)

    def _look(self, id_: str) -> Entry:
        try:
            size = self._objects.measure(id_).size
        except NotFound:  # a partial clone: the name is here, the content is not
            return Entry("", 0, id_, present=False)
        if could_be_pointer(size):
            try:
                pointer = parse_pointer(self._objects.read(id_, "blob", MAX_TREE))
            except OverBudget:  # packed as a change of something huge: nobody packs a pointer so
                pointer = None
            if pointer:
                return Entry("", pointer.size, id_, pointer.sha256, present=False)
        return Entry("", size, id_)


def _parse_tree(data: bytes) -> Iterator[tuple[int, str, str]]:
    """Mode, name and id of each entry; a name that is not UTF-8 is shown with escapes."""
    at = 0
    while at < len(data):
        space = data.index(b" ", at)
        end = data.index(b"\0", space)
        mode = int(data[at:space], 8)
        raw = data[end + 1 : end + 21]
        if len(raw) < 20:
            raise Malformed("a git tree is cut short", remedy=MEND)
        yield mode, data[space + 1 : end].decode("utf-8", "backslashreplace"), raw.hex()
        at = end + 21
