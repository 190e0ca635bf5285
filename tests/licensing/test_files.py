"""Which files are license files, and what a repository says of its license."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cardlint.errors import OverBudget
from cardlint.licensing.files import MAX_BYTES, MAX_FILES, LicenseFiles, Role, role_of
from cardlint.repository import Options, Repository
from cardlint.source.resolve import Resolver
from tests.kit.repos import write_files


def _read(root: Path, files: dict[str, Any]) -> LicenseFiles:
    write_files(root / "m", files)
    resolver = Resolver(offline=True)
    source = resolver.target(str(root / "m"))
    return Repository(source, resolver, Options(offline=True)).licenses


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("LICENSE", Role.LICENSE),
        ("LICENCE.txt", Role.LICENSE),
        ("LICENSE-MODEL", Role.LICENSE),
        ("LICENSE.openmdw", Role.LICENSE),
        ("Llama_3.1_LICENSE.md", Role.LICENSE),
        ("COPYING", Role.LICENSE),
        ("LICENSES/Apache-2.0.txt", Role.LICENSE),
        ("legal/terms.md", Role.LICENSE),
        ("NOTICE", Role.NOTICE),
        ("Notice.txt", Role.NOTICE),
        ("THIRD_PARTY_LICENSES", Role.THIRD_PARTY),
        ("ThirdPartyNotices.txt", Role.THIRD_PARTY),
        ("USE_POLICY.md", Role.USE_POLICY),
        ("AUTHORS", Role.AUTHORS),
        ("README.md", None),
        ("config.json", None),
        ("license.py", None),
        ("model/LICENSE", None),
        ("a/b/LICENSE", None),
        ("tokenizer.model", None),
        ("noticeable.bin", None),
    ],
)
def test_role_of_a_file(path: str, role: Role | None) -> None:
    """By its name alone; code, data and files deep in the tree are none."""
    assert role_of(path) == role


def test_bytes_that_are_no_utf8(tmp_path: Path) -> None:
    """A license file of another time is read, not refused."""
    files = _read(
        tmp_path, {"LICENSE": {"hex": "434f50595249474854 20a9 2031393939".replace(" ", "")}}
    )
    assert files.files[0].text.startswith("COPYRIGHT")


def test_utf16_by_its_mark(tmp_path: Path) -> None:
    """Notepad's encoding."""
    files = _read(tmp_path, {"NOTICE": {"hex": "Ana".encode("utf-16").hex()}})
    assert files.files[0].text == "Ana"


def test_a_file_that_is_too_large_is_not_passed(tmp_path: Path) -> None:
    """What it says is not known, which is not the same as saying nothing."""
    with pytest.raises(OverBudget, match="LICENSE is there and could not be read"):
        _read(tmp_path, {"LICENSE": {"repeat": "x", "times": MAX_BYTES + 1}})


def test_many_files_are_bounded(tmp_path: Path) -> None:
    """The first are read, and the bound is told."""
    files = _read(tmp_path, {f"LICENSE-{n:03}": "x" for n in range(MAX_FILES + 5)})
    assert len(files.files) == MAX_FILES
    assert str(MAX_FILES + 5) in files.gaps[0].why


@pytest.mark.parametrize(
    ("front", "ids", "understood"),
    [
        ("license: MIT", ["mit"], True),
        ("license: [mit, apache-2.0]", ["mit", "apache-2.0"], True),
        ("license: apache-2.0 AND (mit OR gpl-3.0)", ["apache-2.0", "mit", "gpl-3.0"], True),
        ("license: other\nlicense_name: mrl", ["mrl"], True),
        ("license: other\nlicense_name: our-own", ["other"], False),
        ("license: cc", ["cc"], False),
        ("license: our-own", [], False),
        ("license: [mit, our-own]", ["mit"], False),
        ("tags: [x]", [], False),
        ("license:", [], False),
        ("license: 7", [], False),
        ("license: mit AND", [], False),
    ],
)
def test_declared(tmp_path: Path, front: str, ids: list[str], understood: bool) -> None:  # noqa: FBT001  # a table
    """One id, a list, an expression, or `other` with its name."""
    files = _read(tmp_path, {"README.md": f"---\n{front}\n---\n"})
    assert [x.id for x in files.licenses] == ids
    assert files.understood is understood


def test_what_governs(tmp_path: Path) -> None:
    """The card where it is clear; else the text; else nothing is known."""
    apache = {"checkout": "LICENSE"}
    said = {"README.md": "---\nlicense: mit\n---\n", "LICENSE": apache}
    assert [x.id for x in _read(tmp_path / "a", said).governing()] == ["mit"]
    open_ = {"README.md": "---\nlicense: other\n---\n", "LICENSE": apache}
    assert [x.id for x in _read(tmp_path / "b", open_).governing()] == ["apache-2.0"]
    assert _read(tmp_path / "c", {"README.md": "# x\n"}).governing() == ()


def test_a_symbolic_link_out_is_not_read(tmp_path: Path) -> None:
    """A license file that is a link to another place is not taken in."""
    (tmp_path / "secret").write_text("MIT License", "utf-8")
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "LICENSE").symlink_to(tmp_path / "secret")
    assert _read(tmp_path, {"README.md": "# x\n"}).files == ()
