"""The web page: what it answers, what it refuses, and what a browser sees."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.testclient import TestClient

from cardlint.errors import Offline
from cardlint.repository import Options
from cardlint.source.resolve import Resolver
from cardlint.web.app import Refused, build, model_id
from cardlint.web.jobs import Full, Job, Jobs, State
from tests.kit import browser

HUB = Path(__file__).parents[2] / "examples/rio/hub"
MODEL = "prefeitura-rio/Rio-3.5-Open-397B@launch"


@pytest.fixture
def client() -> Iterator[TestClient]:
    """The application over the example's folder hub."""
    app = build(lambda: Resolver(hub=HUB, offline=True), Options(offline=True), ["127.0.0.1"])
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


def test_a_report_is_asked_for_and_shown(client: TestClient) -> None:
    """Form, job, report: without any script."""
    page = client.post("/submit", data={"model": MODEL, "lang": "pt-BR"})
    assert page.status_code == 200
    assert page.url.path.startswith("/result/")
    assert "Relatório de conformidade" in page.text
    assert "<script" not in page.text


def test_weights_are_compared(client: TestClient) -> None:
    """With parents, the table of the comparison."""
    parents = "nex-agi/Nex-N2-Pro Qwen/Qwen3.5-397B-A17B"
    page = client.post("/submit", data={"model": MODEL, "parents": parents})
    assert page.status_code == 200
    assert "0.565" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    "model",
    [
        "/etc/passwd",
        "../../etc",
        ".",
        "org",
        "a/b@../../x",
        "a/b@-x",
        "http://127.0.0.1/x",
        "a/b/c",
        "",
    ],
)
def test_nothing_but_an_id_is_taken(client: TestClient, model: str) -> None:
    """No path, no address."""
    with pytest.raises(Refused):
        model_id(model)
    assert client.post("/submit", data={"model": model}).status_code == 400


def test_a_repository_that_cannot_be_had_is_told(client: TestClient) -> None:
    """With the reason, and as an error of the gateway."""
    page = client.post("/submit", data={"model": "no/such"})
    assert page.status_code == 502
    assert "no/such" in page.text


def test_a_form_of_another_site_is_refused(client: TestClient) -> None:
    """By its origin, and by what the browser says of the request."""
    for headers in ({"origin": "https://example.org"}, {"sec-fetch-site": "cross-site"}):
        assert client.post("/submit", data={"model": MODEL}, headers=headers).status_code == 400


def test_another_host_name_is_refused(client: TestClient) -> None:
    """A page of a stranger that points its name here gets nothing."""
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


def test_a_long_form_is_refused(client: TestClient) -> None:
    """Before it is read whole."""
    assert client.post("/submit", data={"model": "x" * 100_000}).status_code == 400


def test_the_queue_is_bounded() -> None:
    """One job runs, so many wait, the next is refused; the same again is the same job."""
    release = threading.Event()
    jobs = Jobs(waiting=1)

    def work() -> bytes:
        release.wait(10)
        return b"done"

    first = jobs.submit(Job("1", "1", work, own=True))
    while first.state is State.WAITING:
        time.sleep(0.01)
    second = jobs.submit(Job("2", "2", work, own=True))
    assert jobs.submit(Job("2", "2", work, own=True)) is second
    with pytest.raises(Full):
        jobs.submit(Job("3", "3", work, own=True))
    release.set()
    jobs.close()
    assert (first.result, second.result) == (b"done", b"done")


def test_a_job_that_fails_says_why_and_the_next_runs() -> None:
    """A reason with its remedy; a surprise without its traceback."""
    jobs = Jobs()

    def offline() -> bytes:
        raise Offline("the network was not asked", remedy="Ask it.")

    def surprise() -> bytes:
        raise RuntimeError("secret detail")

    one = jobs.submit(Job("1", "1", offline, own=True))
    two = jobs.submit(Job("2", "2", surprise, own=True))
    jobs.close()
    assert (one.state, one.error, one.remedy) == (
        State.FAILED,
        "the network was not asked",
        "Ask it.",
    )
    assert two.state is State.FAILED
    assert "secret" not in two.error


@pytest.mark.slow
def test_a_person_with_a_keyboard(tmp_path: Path) -> None:
    """Form, report and comparison in a real browser: by keys alone, accessible, without an error."""
    if reason := browser.why_not():
        pytest.skip(reason)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = build(lambda: Resolver(hub=HUB, offline=True), Options(offline=True), ["127.0.0.1"])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        home = f"http://127.0.0.1:{port}/"
        fill = {"fill": "#model", "value": MODEL}
        parents = {"fill": "#parents", "value": "nex-agi/Nex-N2-Pro Qwen/Qwen3.5-397B-A17B"}
        seen = browser.visit(
            [
                {"url": home},
                {"url": home + "?lang=es", "width": 360},
                {"url": home, "actions": [fill, {"submit": True}]},
                {"url": home, "actions": [fill, parents, {"submit": True}]},
            ],
            tmp_path,
        )
    finally:
        server.should_exit = True
        thread.join()
    for page in seen:
        assert page["console"] == []
        assert page["violations"] == []
        assert page["scripts"] == page["overflow"] == 0
        assert all(r.startswith(home) for r in page["requests"])
    assert seen[2]["final"].startswith(home + "result/")
    assert seen[3]["final"].startswith(home + "result/")
