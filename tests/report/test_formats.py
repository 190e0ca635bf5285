"""Every format: valid in its own terms, and harmless whatever a card holds."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import numpy as np
import pytest

from cardlint.findings import Location, Report, TargetReport
from cardlint.report.escape import HARMFUL
from cardlint.report.interface import Style, formats, render
from tests.report import hostile

HERE = Path(__file__).parent
SCHEMAS = HERE.parent.parent / "linter" / "cardlint" / "schemas"
FORMATS = ["concise", "csv", "github", "gitlab", "json", "junit", "markdown", "sarif", "text"]
MARKDOWN_BREAK = "\u200b"  # what our own escaping puts into mentions and links


def _rendered(name: str, style: Style | None = None) -> str:
    return render(name, hostile.report(), style or Style())


def test_the_formats_are_found_by_their_files() -> None:
    """A format is a module with ``render``; nothing else lists them."""
    assert formats() == FORMATS


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("style", [Style(), Style(explain=True)], ids=["short", "explained"])
def test_no_format_lets_control_characters_through(name: str, style: Style) -> None:
    """Not one character that drives a terminal, reverses text or cannot be encoded."""
    text = _rendered(name, style)
    allowed = {"\n"} | ({"\r"} if name == "csv" else set())
    allowed |= {MARKDOWN_BREAK} if name == "markdown" else set()
    assert {c for c in text if HARMFUL.match(c)} <= allowed
    text.encode("utf-8")


@pytest.mark.parametrize("name", ["text", "concise"])
def test_a_terminal_gets_only_our_own_sequences(name: str) -> None:
    """With colors and links on, every escape sequence is one that we write."""
    text = _rendered(name, Style(color=True, width=80, hyperlinks=True, explain=True))
    own = r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*;[^\x1b\x07]*\x1b\\"
    links = re.findall(r"\x1b\]8;[^;]*;([^\x1b]*)\x1b", text)
    assert all(link == "" or link.startswith("https://huggingface.co/org/name/") for link in links)
    assert {c for c in re.sub(own, "", text) if HARMFUL.match(c)} <= {"\n"}


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_run_is_valid_too(name: str) -> None:
    """A clean repository gives a whole document that ends with a newline."""
    clean = Report((TargetReport("m", "org/m", None, (), rules_run=("metadata/x",)),))
    assert render(name, clean, Style()).endswith("\n")


def test_json_is_what_its_schema_says() -> None:
    """The published schema describes the hostile report, and the data come back as they were."""
    data = json.loads(_rendered("json"))
    schema = json.loads((SCHEMAS / "report.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(data, schema)
    assert data["targets"][0]["findings"][0]["message"] == f"={hostile.EVIL}"
    assert data["summary"]["errors"] == 1
    assert data["summary"]["ignored"] == 1
    assert data["summary"]["not_checked"] == 2


@pytest.mark.parametrize("name", ["json", "sarif"])
def test_evidence_that_is_no_json_is_written_as_json_can(name: str) -> None:
    """A rule of somebody's may put in what it likes; the report stays one that others can read."""
    odd: Any = {
        "nan": math.nan,
        "inf": [math.inf],
        "path": Path("x"),
        "set": {1},
        "np": np.float32(0.5),
    }
    found = dataclasses.replace(hostile.finding(), evidence=odd)
    target = dataclasses.replace(hostile.report().targets[0], findings=(found,))
    text = render(name, Report((target,)), Style())

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    data = json.loads(text, parse_constant=refuse)
    if name == "json":
        wanted = {"nan": None, "inf": [None], "path": "x", "set": [1], "np": 0.5}
        assert data["targets"][0]["findings"][0]["evidence"] == wanted


def test_the_report_schema_refuses_a_wrong_report() -> None:
    """The schema is not empty: a missing key and a wrong type are refused."""
    schema = json.loads((SCHEMAS / "report.json").read_text("utf-8"))
    data = json.loads(_rendered("json"))
    del data["targets"][0]["findings"][0]["evidence"]
    with pytest.raises(jsonschema.ValidationError, match="evidence"):
        jsonschema.validate(data, schema)


def test_sarif_is_valid_by_the_official_schema() -> None:
    """OASIS's own schema takes it."""
    schema = json.loads((HERE / "data" / "sarif-schema-2.1.0.json").read_text("utf-8"))
    jsonschema.validate(json.loads(_rendered("sarif")), schema)


def test_sarif_has_what_github_asks_for() -> None:
    """Every result has a place, a severity, a precision and a fingerprint; rules explain themselves."""
    run = json.loads(_rendered("sarif"))["runs"][0]
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        assert not place["artifactLocation"]["uri"].startswith("/")
        assert re.fullmatch(r"[A-Za-z0-9_.~/%-]+", place["artifactLocation"]["uri"])
        assert place["region"] == {
            "startLine": place["region"]["startLine"],
            "startColumn": 2,
            "endLine": place["region"]["startLine"],
            "endColumn": 9,
        }
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert [r["level"] for r in run["results"]] == ["error", "warning", "note"]
    rule: dict[str, Any] = run["tool"]["driver"]["rules"][0]
    assert rule["properties"]["precision"] == "very-high"
    assert rule["properties"]["problem.severity"] == "error"
    assert rule["help"]["markdown"]
    assert len(rule["fullDescription"]["text"]) <= 1024
    notices = run["invocations"][0]["toolExecutionNotifications"]
    assert len(notices) == 2
    assert run["invocations"][0]["executionSuccessful"] is False


def test_github_commands_cannot_be_forged() -> None:
    """A card's own ``::error::`` stays inside the message of ours."""
    lines = _rendered("github").splitlines()
    commands = [line for line in lines if line.startswith("::")]
    kinds = [line.split(" ", 1)[0].split("::")[1] for line in commands]
    assert kinds == ["error", "warning", "notice", "notice", "notice"]
    assert len(lines) == len(commands) + 1
    assert "%250A::error::forged" in commands[0]


@pytest.mark.parametrize("name", ["github", "gitlab", "sarif"])
def test_code_hosts_get_paths_of_the_checkout(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative to the current folder, however the target was typed."""
    (tmp_path / "models" / "a").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    found = dataclasses.replace(hostile.finding(), location=Location("README.md"))
    for root in ("models/a", "./models/a/", "models/../models/a", str(tmp_path / "models" / "a")):
        target = TargetReport("x", None, None, (found,), root=root)
        assert "models/a/README.md" in render(name, Report((target,)), Style())
        assert str(tmp_path) not in render(name, Report((target,)), Style())


def test_gitlab_fingerprints_are_unique() -> None:
    """GitLab drops findings that share one."""
    rows = json.loads(_rendered("gitlab"))
    assert len({row["fingerprint"] for row in rows}) == len(rows) == 5
    for row in rows:
        assert {"description", "check_name", "fingerprint", "severity", "location"} == set(row)
        assert row["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert row["location"]["lines"]["begin"] >= 1


def test_junit_counts_what_it_holds() -> None:
    """Failures, skipped and errors are those of the cases; an unread target is an error."""
    top = ET.fromstring(_rendered("junit"))  # noqa: S314  # we wrote it
    suites = top.findall("testsuite")
    assert [(s.get("failures"), s.get("skipped"), s.get("errors")) for s in suites] == [
        ("1", "1", "0"),
        ("0", "0", "1"),
    ]
    for suite in suites:
        assert suite.get("tests") == str(len(suite.findall("testcase")))
        assert suite.get("failures") == str(len(suite.findall("testcase/failure")))


def test_a_spreadsheet_runs_no_cell() -> None:
    """No cell begins with a character that makes it a formula."""
    rows = list(csv.DictReader(io.StringIO(_rendered("csv"), newline="")))
    assert [r["kind"] for r in rows] == ["finding"] * 3 + ["ignored"] + ["not checked"] * 2
    assert all(not v or v[0] not in "=+-@" for row in rows for v in row.values())


def test_markdown_shows_and_does_nothing() -> None:
    """No HTML, image, link or mention of the card's survives."""
    from markdown_it import MarkdownIt

    page = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(_rendered("markdown"))
    tags = set(re.findall(r"<(/?[a-z][a-z0-9]*)", page))
    assert {t.strip("/") for t in tags} == {
        *("h2", "h3", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "code", "br"),
        *("ul", "li"),
    }
    assert page.count("<tr>") == 4
    prose = re.sub(r"<code>.*?</code>", "", page)
    assert not re.search(r"@\w|#\d|://|www\.", prose)


@pytest.mark.parametrize("name", ["text", "concise", "markdown", "github"])
def test_people_are_always_told_what_was_set_aside(name: str) -> None:
    """The counts of ignored, waived, baselined and not checked are in every format for people."""
    text = _rendered(name)
    assert "1 ignored, 0 waived, 0 in the baseline, 2 not checked" in text
