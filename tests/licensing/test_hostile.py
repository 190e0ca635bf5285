"""Files made to be slow: every pattern is linear in what it reads."""

from __future__ import annotations

import time

import pytest

from cardlint.licensing.files import MAX_DETECTED, LicenseFile, LicenseFiles, Role
from cardlint.licensing.kept import copyright_lines
from cardlint.licensing.kept import sentences as sentences_of
from cardlint_licenses.detect import detect

TEXTS = {
    "blank lines": "w\n \n" * 200_000,
    "spaces": (" " * 60 + "\n") * 10_000,
    "dots": "." * 500_000,
    "copyright": "Copyright " * 60_000,
    "signs": "(c)" * 200_000,
    "statements": "Copyright 2020 (c) " * 30_000,
    "one line": "a modified b weights " * 30_000,
    "marks": "#" * 500_000,
    "one word": "a" * 500_000,
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_file_costs_little(name: str) -> None:
    """Half a megabyte of anything takes seconds of processor time at the very most."""
    text = TEXTS[name]
    file = LicenseFile("LICENSE", Role.LICENSE, text)
    begin = time.process_time()
    detect(text[:MAX_DETECTED])
    copyright_lines(LicenseFiles((), None, None, (file,)))
    assert sum(1 for _ in sentences_of(text)) >= 0
    assert time.process_time() - begin < 10
