"""Who may see what: each refusal told apart, each with its remedy, the token where it belongs."""

from __future__ import annotations

import base64
import logging
from pathlib import Path

import pytest

from cardlint.errors import AccessDenied, NotFound, Offline, Unavailable
from cardlint.source.limits import Limits
from cardlint.source.resolve import Resolver
from tests.hub.faults import Fault
from tests.hub.kit import RANGES, door, everything
from tests.hub.server import TOKEN, HubServer


def refusal(
    server: HubServer, home: Path, id_: str = "org/tuned", revision: str = ""
) -> Unavailable:
    """Why the card cannot be read."""
    with door(server, home) as hub, pytest.raises(Unavailable) as error:
        hub.open(id_, revision or None).read_text("README.md")
    assert error.value.remedy is None or TOKEN not in error.value.remedy
    assert TOKEN not in error.value.message
    return error.value


def test_missing_and_private_cannot_be_told_apart_without_a_token(
    server: HubServer, tmp_path: Path
) -> None:
    """The Hub answers both with a 401 without a code."""
    server.states["org/tuned"] = "private"
    for id_ in ("org/tuned", "org/none"):
        reason = refusal(server, tmp_path, id_)
        assert isinstance(reason, NotFound)
        assert f"{id_} does not exist on {server.endpoint}, or is private" in reason.message
        assert reason.remedy == "Check the spelling; for a private repository set HF_TOKEN."


def test_a_private_repository_opens_with_its_token(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not with another account's."""
    server.states["org/tuned"] = "private"
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    reason = refusal(server, tmp_path)
    assert "private and the token does not open it" in reason.message
    server.tokens[TOKEN] = {"org/tuned"}
    with door(server, tmp_path) as hub:
        assert everything(hub.open("org/tuned"))
    pair = base64.b64encode(f"cardlint:{TOKEN}".encode()).decode()  # git's way
    sent = {s.authorization for s in server.ledger.of("hub")}
    assert sent == {f"Bearer {TOKEN}", f"Basic {pair}"}
    assert {s.authorization for s in server.ledger.of("cdn")} == {None}


def test_a_gated_repository_says_where_to_ask(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file list is public, its content is not."""
    server.states["org/tuned"] = "gated"
    with door(server, tmp_path) as hub:
        assert list(hub.open("org/tuned").entries()) == [
            "README.md",
            "a/b c.txt",
            "model.safetensors",
        ]
    reason = refusal(server, tmp_path)
    assert isinstance(reason, AccessDenied)
    assert reason.message.startswith("org/tuned is gated: README.md")
    assert reason.remedy == f"Ask for access at {server.endpoint}/org/tuned, then set HF_TOKEN."
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    reason = refusal(server, tmp_path)
    assert "with the account of the token" in (reason.remedy or "")
    with door(server, tmp_path) as hub, pytest.raises(AccessDenied, match="gated"):
        hub.open("org/tuned").read_ranges(RANGES)
    with door(server, tmp_path) as hub, pytest.raises(AccessDenied, match="gated"):
        hub.open("org/tuned").history()


def test_a_disabled_repository_says_so(server: HubServer, tmp_path: Path) -> None:
    """The Hub closed it; nothing the user does will open it."""
    server.states["org/tuned"] = "disabled"
    reason = refusal(server, tmp_path)
    assert isinstance(reason, AccessDenied)
    assert reason.message == "org/tuned is disabled: the Hub closed it"


def test_a_refused_token_is_no_missing_repository(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says to log in again."""
    monkeypatch.setenv("HF_TOKEN", "hf_expired")
    reason = refusal(server, tmp_path)
    assert isinstance(reason, AccessDenied)
    assert "refused the token" in reason.message
    assert "hf_expired" not in f"{reason.message} {reason.remedy}"


def test_missing_revisions_and_files_say_which(server: HubServer, tmp_path: Path) -> None:
    """A missing file is told from the list; a revision by the Hub."""
    assert "no such revision (revision v9)" in refusal(server, tmp_path, revision="v9").message
    with door(server, tmp_path) as hub, pytest.raises(NotFound, match=r"NOTICE is not in"):
        hub.open("org/tuned").read_text("NOTICE")
    with door(server, tmp_path) as hub, pytest.raises(NotFound, match="no such revision"):
        hub.open("org/tuned").at("0" * 40).entries()


def test_a_renamed_repository_is_followed_and_named(server: HubServer, tmp_path: Path) -> None:
    """Also through a chain of names; its identity is its present id."""
    server.renamed |= {"old/name": "older/name", "older/name": "org/tuned"}
    with door(server, tmp_path) as hub:
        source = hub.open("old/name", "main")
        assert source.identity.repo_id == "org/tuned"
        assert everything(source)


def test_a_rename_in_a_circle_ends(server: HubServer, tmp_path: Path) -> None:
    """After a few hops."""
    server.renamed |= {"a/b": "c/d", "c/d": "a/b"}
    assert "in a circle" in refusal(server, tmp_path, "a/b").message
    assert server.ledger.hub_requests <= 6


def test_the_token_stays_at_the_hub_whatever_it_redirects_to(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An API answer or a file that leads elsewhere is asked for without it."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with HubServer(folder) as elsewhere, HubServer(folder) as server:
        for pattern in ("/raw/", r"\?expand"):
            server.faults.add(
                Fault("hub", pattern, "redirect", headers={"location": f"{elsewhere.endpoint}/x"})
            )
        refusal(server, tmp_path)
        server.faults.clear()
        with door(server, tmp_path) as hub:
            source = hub.open("org/tuned")
            source.entries()
            server.faults.add(
                Fault("hub", "/raw/", "redirect", headers={"location": f"{elsewhere.endpoint}/x"})
            )
            assert source.read_text("README.md").endswith("# Card 2\n")  # by another way
        assert elsewhere.ledger.hub_requests >= 2
        assert {s.authorization for s in elsewhere.ledger.seen} == {None}


def test_the_token_is_in_no_log(
    server: HubServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever the level."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    caplog.set_level(logging.DEBUG)
    with door(server, tmp_path) as hub:
        source = hub.open("org/tuned")
        everything(source)
        shown = repr((vars(hub), vars(hub.client), source, source.identity))
    assert TOKEN not in caplog.text
    assert TOKEN not in shown.replace(repr(hub.client._headers), "")


def test_offline_asks_nothing(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By option or by environment, whatever else is set."""
    monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(Offline):
        Resolver(offline=True).target("org/tuned")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(Offline):
        Resolver().target("org/tuned")
    assert server.ledger.hub_requests == 0


def test_the_endpoint_is_taken_from_the_environment(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``HF_ENDPOINT``; a value that is no address is said to be none, without its password."""
    monkeypatch.setenv("HF_ENDPOINT", server.endpoint + "/")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("CARDLINT_CACHE_DIR", str(tmp_path / "c"))
    resolver = Resolver()
    assert everything(resolver.target("org/tuned"))
    assert resolver.usage.requests == server.ledger.hub_requests
    resolver.close()
    monkeypatch.setenv("HF_ENDPOINT", "ftp://me:secret@example.org")
    with pytest.raises(Unavailable, match=r"HF_ENDPOINT is example\.org") as error:
        Resolver().target("org/tuned")
    assert "secret" not in error.value.message


def test_files_of_the_hugging_face_cache_are_not_fetched_again(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the real client downloaded is used where it is the very same."""
    from huggingface_hub import hf_hub_download

    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    for name in ("README.md", "model.safetensors"):
        hf_hub_download(
            "org/tuned", name, endpoint=server.endpoint, cache_dir=tmp_path / "hf", token=False
        )
    server.ledger.clear()
    with door(server, tmp_path, Limits()) as hub:
        source = hub.open("org/tuned")
        source.read_text("README.md")
        source.read_ranges(RANGES)
    paths = [s.path for s in server.ledger.seen]
    assert not [p for p in paths if "raw" in p or "resolve" in p]
    assert server.ledger.cdn_requests == 0


def test_the_cache_answers_when_the_hub_does_not(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the commit that it is of; a commit asked for by its id is not even looked up."""
    from huggingface_hub import snapshot_download

    monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("CARDLINT_CACHE_DIR", str(tmp_path / "c"))
    folder = snapshot_download(
        "org/tuned", endpoint=server.endpoint, cache_dir=tmp_path, token=False
    )
    commit = Path(folder).name
    server.ledger.clear()
    pinned = Resolver().target(f"org/tuned@{commit}")
    assert pinned.read_text("README.md").endswith("# Card 2\n")
    assert list(pinned.entries()) == ["README.md", "a/b c.txt", "model.safetensors"]
    assert server.ledger.hub_requests == 0
    server.faults.add(Fault("hub", "", "status", code=503))
    late = Resolver(limits=Limits(max_wait=0.1)).target("org/tuned")
    assert late.identity.commit == commit
