"""The store of what was fetched: sound after anything, shared by processes, bounded."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cardlint.source.store import RunStore, Store, default_folder

WRITER = """
import sys
from pathlib import Path
from cardlint.source.store import Store

store = Store(Path(sys.argv[1]))
print("ready", flush=True)
number = 0
while True:
    number += 1
    size = number * 7919 % 300_000
    store.put(f"key {number % 50}", bytes([number % 50]) * size)
"""


def files(folder: Path) -> list[Path]:
    """All files below a folder."""
    return sorted(p for p in folder.rglob("*") if p.is_file())


def test_what_was_put_comes_back(tmp_path: Path) -> None:
    """By its key, to the byte, also in another process's store; anything else is absent."""
    Store(tmp_path).put("a", b"content")
    Store(tmp_path).put("empty", b"")
    store = Store(tmp_path)
    assert (store.get("a"), store.get("empty"), store.get("b")) == (b"content", b"", None)
    assert (store.info().pieces, store.info().bytes) == (2, 7 + 64)


def test_damage_at_any_byte_makes_a_piece_absent(tmp_path: Path) -> None:
    """It is removed, so that it is fetched again."""
    store = Store(tmp_path)
    for at in range(10 + 32):
        store.put("a", b"0123456789")
        path = files(tmp_path)[0]
        data = bytearray(path.read_bytes())
        data[at] ^= 1
        path.write_bytes(bytes(data))
        assert store.get("a") is None, at
        assert files(tmp_path) == []
        store.put("a", b"0123456789")
        files(tmp_path)[0].write_bytes(bytes(data[:at]))
        assert store.get("a") is None, at


def test_only_the_owner_may_look_inside(tmp_path: Path) -> None:
    """What is kept may come from private repositories."""
    Store(tmp_path / "c").put("a", b"x")
    path = files(tmp_path)[0]
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_written_is_only_slower(tmp_path: Path) -> None:
    """Nothing fails because of the cache."""
    (tmp_path / "file").write_text("in the way")
    store = Store(tmp_path / "file")
    store.put("a", b"x")
    assert store.get("a") is None
    assert (store.info().pieces, store.prune(0).pieces, store.clear().pieces) == (0, 0, 0)


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    """Pruning keeps the newest pieces that fit; clearing leaves nothing."""
    store = Store(tmp_path)
    now = time.time()
    for number in range(10):
        store.put(str(number), b"x" * 968)  # 1,000 bytes with the seal
        os.utime(store._path(str(number)), (now - 1000 + number, now - 1000 + number))
    removed = store.prune(3500)
    assert (removed.pieces, removed.bytes) == (7, 7000)
    assert [n for n in range(10) if store.get(str(n)) is not None] == [7, 8, 9]
    assert (store.clear().pieces, files(tmp_path)) == (3, [])


def test_a_use_makes_a_piece_young_again(tmp_path: Path) -> None:
    """What is read often stays."""
    store = Store(tmp_path)
    store.put("a", b"x")
    path = files(tmp_path)[0]
    os.utime(path, (1e9, 1e9))
    store.get("a")
    assert path.stat().st_mtime > 1e9 + 1


def test_the_store_never_outgrows_its_bound(tmp_path: Path) -> None:
    """It makes room by itself."""
    store = Store(tmp_path, max_bytes=50_000)
    for number in range(200):
        store.put(str(number), b"x" * 968)
        assert store.info().bytes <= 50_000
    assert store.info().pieces >= 40


def test_foreign_files_are_not_removed(tmp_path: Path) -> None:
    """Clearing removes what the store has written, and nothing else."""
    store = Store(tmp_path)
    store.put("a", b"x")
    (tmp_path / "mine.txt").write_text("keep")
    (store.folder / "mine.txt").write_text("keep")
    store.clear()
    assert [p.name for p in files(tmp_path)] == ["mine.txt", "mine.txt"]


def test_a_store_for_one_run_is_bounded_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For ``--no-cache``: the oldest pieces go first, the disk is not touched."""
    monkeypatch.setenv("CARDLINT_CACHE_DIR", str(tmp_path))
    store = RunStore(max_bytes=100)
    for number in range(10):
        store.put(str(number), b"x" * 30)
        store.put(str(number), b"y" * 30)
    assert [n for n in range(10) if store.get(str(n)) is not None] == [7, 8, 9]
    assert store.get("9") == b"y" * 30
    assert files(tmp_path) == []


def test_the_folder_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By ``CARDLINT_CACHE_DIR``; else it is where the system keeps caches."""
    monkeypatch.setenv("CARDLINT_CACHE_DIR", str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.delenv("CARDLINT_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_folder().name == "cardlint"


def kill_writers(folder: Path, times: int) -> None:
    """Two writers of the same keys, killed at a random moment, ``times`` times over."""
    moment = random.Random(4)
    for _ in range(times):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True
            )
            for _ in range(2)
        ]
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        time.sleep(moment.uniform(0.0, 0.15))
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
        for writer in writers:
            writer.wait()
            assert writer.stdout is not None
            writer.stdout.close()
        check(folder)


def check(folder: Path) -> None:
    """Every piece is whole or absent."""
    store = Store(folder)
    for number in range(50):
        content = store.get(f"key {number}")
        assert content is None or set(content) <= {number}


def test_killed_writers_leave_the_store_sound(tmp_path: Path) -> None:
    """No partial piece is ever read; scraps are swept away once they are nobody's."""
    kill_writers(tmp_path, 5)
    scraps = [p for p in files(tmp_path) if p.suffix == ".scrap"]
    for path in scraps:
        os.utime(path, (1e9, 1e9))
    store = Store(tmp_path)
    store.prune(1 << 40)
    assert not [p for p in files(tmp_path) if p.suffix == ".scrap"]
    assert store.info().pieces > 0


@pytest.mark.slow
def test_writers_killed_fifty_times_leave_the_store_sound(tmp_path: Path) -> None:
    """The same, often."""
    kill_writers(tmp_path, 50)
