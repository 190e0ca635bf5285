"""Small repositories from tables.

A *files* table maps a path to its content: a string, or

``{"hex": "00ff"}``            bytes
``{"repeat": "ab", "times": 9}``   a long text
``{"json": {…}}``              an object, written as JSON
``{"checkout": "LICENSE"}``    a file of this checkout, such as the Apache License it is under;
                               ``append``, ``cut`` (lines kept) and ``replace`` change it
``{"weights": SPEC, "hidden": 64, "layers": 2, "dtype": "BF16"}``
                               a small Llama-type safetensors file, see :mod:`tests.kit.weights`;
                               ``"shapes": {NAME: [ROWS, COLUMNS]}`` for other tensors
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.kit.weights import llama_shapes, tensors, write_safetensors


def write_files(root: Path, files: Mapping[str, Any]) -> None:
    """Write a files table below ``root``."""
    root.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8", newline="")
        elif "hex" in content:
            path.write_bytes(bytes.fromhex(content["hex"]))
        elif "repeat" in content:
            path.write_text(content["repeat"] * content["times"], encoding="utf-8")
        elif "json" in content:
            path.write_text(json.dumps(content["json"], indent=2) + "\n", encoding="utf-8")
        elif "checkout" in content:
            path.write_text(_from_checkout(content), encoding="utf-8", newline="")
        elif "weights" in content:
            sizes = {k: content[k] for k in ("hidden", "layers", "vocab") if k in content}
            dtype = content.get("dtype", "BF16")
            named = {k: tuple(v) for k, v in content.get("shapes", {}).items()}
            values = tensors(content["weights"], named or llama_shapes(**sizes), dtype)
            write_safetensors(path, values, dtype)
        else:
            raise ValueError(f"{name}: what is {content!r}?")


def _from_checkout(content: Mapping[str, Any]) -> str:
    text: str = (Path(__file__).parents[2] / content["checkout"]).read_text("utf-8")
    for old, new in content.get("replace", {}).items():
        if old not in text:
            raise ValueError(f"{old!r} is not in {content['checkout']}")
        text = text.replace(old, new)
    if "cut" in content:
        text = "".join(text.splitlines(keepends=True)[: content["cut"]])
    return text + str(content.get("append", ""))


def write_git(root: Path, commits: Sequence[Mapping[str, Any]], *, bare: bool = False) -> list[str]:
    """Make a git repository with one commit for each row; return their ids, oldest first.

    A row has ``date`` (ISO), ``message``, ``files`` (a table; ``null`` removes a file).
    """
    import tempfile

    from dulwich.repo import Repo

    root.mkdir(parents=True, exist_ok=True)
    repo: Any = Repo.init_bare(str(root)) if bare else Repo.init(str(root))
    state: dict[str, bytes] = {}
    ids: list[str] = []
    with repo, tempfile.TemporaryDirectory() as scratch:
        for number, row in enumerate(commits):
            stage = Path(scratch, str(number))
            write_files(stage, {k: v for k, v in row["files"].items() if v is not None})
            for name, content in row["files"].items():
                if content is None:
                    state.pop(name, None)
                else:
                    state[name] = (stage / name).read_bytes()
            ids.append(_commit(repo, state, row, ids[-1] if ids else None))
        repo.refs[b"refs/heads/main"] = ids[-1].encode()
        repo.refs.set_symbolic_ref(b"HEAD", b"refs/heads/main")
        if not bare:
            for name, data in state.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            repo.get_worktree().reset_index()
    return ids


def _commit(
    repo: Any, state: Mapping[str, bytes], row: Mapping[str, Any], parent: str | None
) -> str:
    from dulwich.index import commit_tree
    from dulwich.objects import Blob, Commit

    blobs = []
    for name, data in state.items():
        blob = Blob.from_string(data)
        repo.object_store.add_object(blob)
        blobs.append((name.encode(), blob.id, 0o100644))
    date = datetime.fromisoformat(str(row["date"]))
    stamp = int((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())
    commit: Any = Commit()
    commit.tree = commit_tree(repo.object_store, blobs)
    commit.parents = [parent.encode()] if parent else []
    commit.author = commit.committer = str(row.get("author", "Test <test@example.org>")).encode()
    commit.author_time = commit.commit_time = stamp
    commit.author_timezone = commit.commit_timezone = 0
    commit.message = str(row.get("message", "change")).encode()
    repo.object_store.add_object(commit)
    return str(commit.id.decode())
