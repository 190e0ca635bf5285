"""The evidence bundle is written, verified, and found out when it was changed."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from cardlint.compliance import signing
from cardlint.compliance.bundle import PREDICATE, write
from cardlint.compliance.scan import scan
from cardlint.compliance.verify import verify
from cardlint.errors import Malformed, UsageError
from cardlint.repository import Options
from cardlint.source.resolve import Resolver

HUB = Path(__file__).parents[2] / "examples/rio/hub"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of the example at the launch commit."""
    path = tmp_path_factory.mktemp("bundle") / "rio.zip"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1781400000")
        make(path)
    return path


def make(path: Path) -> None:
    """Scan and write."""
    document, repo = scan(
        "prefeitura-rio/Rio-3.5-Open-397B@launch",
        Resolver(hub=HUB, offline=True),
        Options(offline=True),
        "en",
        (),
        "public-sector",
        None,
    )
    write(path, document, repo)


def test_it_verifies_offline_and_the_figures_come_out_again(bundle: Path) -> None:
    """Hashes, statement, verdict and shares."""
    outcomes = {o.what: o for o in verify(bundle)}
    assert all(o.ok for o in outcomes.values()), [o for o in outcomes.values() if not o.ok]
    assert outcomes["verdict"].detail == "merge, computed again: merge"
    assert outcomes["share of nex-agi/Nex-N2-Pro"].detail.startswith("0.565000")


def test_it_holds_the_cards_of_the_history(bundle: Path) -> None:
    """Each as it was at its commit."""
    with zipfile.ZipFile(bundle) as archive:
        cards = [n for n in archive.namelist() if n.startswith("card/")]
    assert len(cards) == 2


def test_the_statement_is_in_toto(bundle: Path) -> None:
    """Subjects by digest, predicate test-result."""
    with zipfile.ZipFile(bundle) as archive:
        statement = json.loads(archive.read("statement.json"))
    assert statement["predicateType"] == PREDICATE
    assert [tuple(s["digest"]) for s in statement["subject"]] == [("sha256",)] * len(
        statement["subject"]
    )
    (repository,) = statement["predicate"]["configuration"]
    assert repository["digest"] == {"gitCommit": "2b55fe36000535a8c1fde5eee9cf339c219dad49"}
    assert statement["predicate"]["result"] == "FAILED"


def test_the_same_report_gives_the_same_bytes(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An auditor can compare files."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1781400000")
    make(tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == bundle.read_bytes()


@pytest.mark.parametrize("name", ["report.json", "sketch/1.safetensors", "statement.json"])
def test_a_changed_file_is_found(bundle: Path, tmp_path: Path, name: str) -> None:
    """By its hash."""
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(changed, "w") as new:
        for entry in old.namelist():
            data = old.read(entry)
            new.writestr(entry, data.replace(b"0.56", b"0.57") + b" " if entry == name else data)
    assert not all(o.ok for o in verify(changed) if o.what == name)


def test_a_file_that_was_added_is_found(bundle: Path, tmp_path: Path) -> None:
    """The manifest names everything."""
    changed = tmp_path / "changed.zip"
    shutil.copy(bundle, changed)
    with zipfile.ZipFile(changed, "a") as archive:
        archive.writestr("../outside", "x")
    assert [o.what for o in verify(changed) if not o.ok] == ["../outside", "figures"]
    assert not (tmp_path.parent / "outside").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"x" * 1000])
def test_what_is_no_bundle_is_told(tmp_path: Path, content: bytes) -> None:
    """Not a traceback."""
    file = tmp_path / "x.zip"
    file.write_bytes(content)
    with pytest.raises(Malformed):
        verify(file)


def test_sigstore_takes_the_statement(bundle: Path) -> None:
    """It is an in-toto statement as Sigstore's own reader has it."""
    dsse = pytest.importorskip("sigstore.dsse")
    with zipfile.ZipFile(bundle) as archive:
        assert dsse.Statement(archive.read("statement.json"))


def test_without_an_identity_nothing_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a desk there is none; the remedy says where there is one."""
    pytest.importorskip("sigstore")
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "CIRCLECI", "BUILDKITE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sigstore.oidc.detect_credential", lambda: None)
    with pytest.raises(UsageError, match="no identity to sign with"):
        signing.sign(b"{}")


@pytest.mark.parametrize("signature", [b"", b"{}", b"[]", b'{"mediaType": "x"}'])
def test_what_is_no_signature_does_not_hold(signature: bytes) -> None:
    """Told as such, not as a traceback."""
    pytest.importorskip("sigstore")
    with pytest.raises(Malformed, match="does not hold"):
        signing.signer_of(b"{}", signature)
