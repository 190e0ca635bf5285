"""The hook, the action, the GitLab job and the webhook, run as they stand in their files."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
import yaml

from tests.hub.server import TOKEN, HubServer
from tests.kit.cli import bare
from tests.kit.repos import write_files, write_git

ROOT = Path(__file__).parent.parent.parent
CI = ROOT / "examples" / "ci"
MODEL = {
    "README.md": "---\nlicense: no-such-license\n---\n# Model\n",
    "config.json": "{}",
}


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def _cardlint_bin() -> Path:
    found = shutil.which("cardlint", path=str(Path(sys.executable).parent))
    assert found, "install the package first"
    return Path(found)


class Runner:
    """As much of a GitHub runner as a composite action's `run` steps see."""

    def __init__(self, folder: Path, **inputs: str) -> None:
        self.action = _yaml(ROOT / "action.yml")
        self.inputs = {k: v.get("default", "") for k, v in self.action["inputs"].items()} | inputs
        self.folder = folder
        self.files = {n: folder / n for n in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in self.files.values():
            file.touch()
        self.env = {
            **bare(),
            **{k: str(v) for k, v in self.files.items()},
            "RUNNER_TEMP": str(folder),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_ACTIONS": "true",
            "CI": "true",
            "GITHUB_REPOSITORY": "org/repo",
            "GITHUB_SHA": "0" * 40,
            "GITHUB_REF": "refs/heads/main",
        }

    def step(self, name: str, workdir: Path) -> subprocess.CompletedProcess[str]:
        """Run one step, its environment filled in as the runner does."""
        step = next(s for s in self.action["runs"]["steps"] if s["name"] == name)
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "an expression in a script is an injection"
        env = {k: self._fill(v) for k, v in step.get("env", {}).items()}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=workdir,
            env={**self.env, **env, **self.values("GITHUB_ENV")},
            capture_output=True,
            text=True,
            check=False,
        )

    def values(self, name: str) -> dict[str, str]:
        """What the steps wrote to a file of the runner's."""
        rows = self.files[name].read_text("utf-8").splitlines()
        return dict(row.split("=", 1) for row in rows)

    def _fill(self, text: str) -> str:
        known = {
            **{f"inputs.{k}": v for k, v in self.inputs.items()},
            **{f"steps.check.outputs.{k}": v for k, v in self.values("GITHUB_OUTPUT").items()},
            "github.token": "ghs_test",
        }
        return re.sub(r"\$\{\{ *([^} ]+) *\}\}", lambda m: known[m[1]], text)


def test_the_action_checks_annotates_and_sums_up(tmp_path: Path) -> None:
    """Annotations on stdout, reports in files, a summary, outputs, and the exit code."""
    write_files(tmp_path / "repo" / "models" / "a b", MODEL)
    write_files(tmp_path / "repo" / "models" / "c", {"README.md": "# C\n"})
    (tmp_path / "runner").mkdir()
    runner = Runner(
        tmp_path / "runner",
        targets="models/a b\nmodels/c\n",
        args="--offline\n--select=metadata\n",
    )
    runner.env["CARDLINT_BIN"] = str(_cardlint_bin())
    done = runner.step("Check", tmp_path / "repo")
    assert done.returncode == 1, done.stderr
    assert "::error file=models/a b/README.md,line=2," in done.stdout
    assert "::warning file=models/c/README.md,line=1," in done.stdout
    outputs = runner.values("GITHUB_OUTPUT")
    assert outputs["exit-code"] == "1"
    uris = {
        r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for r in json.loads(Path(outputs["sarif"]).read_text("utf-8"))["runs"][0]["results"]
    }
    assert uris == {"models/a%20b/README.md", "models/c/README.md"}
    assert json.loads(Path(outputs["json"]).read_text("utf-8"))["schema"] == "cardlint/report/1"
    assert runner.files["GITHUB_STEP_SUMMARY"].read_text("utf-8").startswith("## cardlint")


def test_the_action_has_the_defaults_of_the_command_line(tmp_path: Path) -> None:
    """A repository is found as clean or not by both alike."""
    write_files(tmp_path / "repo", {"README.md": "# Model\n"})
    (tmp_path / "runner").mkdir()
    runner = Runner(tmp_path / "runner")
    runner.env |= {"CARDLINT_BIN": str(_cardlint_bin()), "CARDLINT_OFFLINE": "1"}
    done = runner.step("Check", tmp_path / "repo")
    plain = subprocess.run(
        [_cardlint_bin(), "check", ".", "--format", "json"],
        cwd=tmp_path / "repo",
        env=runner.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == plain.returncode
    in_action = json.loads(Path(runner.values("GITHUB_OUTPUT")["json"]).read_text("utf-8"))
    assert in_action["targets"] == json.loads(plain.stdout)["targets"]


def test_the_action_uploads_what_code_scanning_takes(tmp_path: Path) -> None:
    """The GitHub command-line program gets the report, packed as its API asks for."""
    write_files(tmp_path / "bin", {"gh": '#!/bin/sh\nprintf "%s\\n" "$@" > "$RUNNER_TEMP/gh"\n'})
    (tmp_path / "bin" / "gh").chmod(0o755)
    write_files(tmp_path / "repo", MODEL)
    (tmp_path / "runner").mkdir()
    runner = Runner(tmp_path / "runner", **{"upload-sarif": "true", "args": "--offline"})
    runner.env["CARDLINT_BIN"] = str(_cardlint_bin())
    runner.env["PATH"] = f"{tmp_path / 'bin'}:{runner.env['PATH']}"
    runner.step("Check", tmp_path / "repo")
    assert runner.step("Upload to code scanning", tmp_path / "repo").returncode == 0
    said = (tmp_path / "runner" / "gh").read_text("utf-8").splitlines()
    assert "repos/org/repo/code-scanning/sarifs" in said
    assert "commit_sha=" + "0" * 40 in said
    packed = Path(next(s for s in said if s.startswith("sarif=@")).removeprefix("sarif=@"))
    import base64
    import gzip

    log = json.loads(gzip.decompress(base64.b64decode(packed.read_bytes(), validate=True)))
    assert log["version"] == "2.1.0"


@pytest.mark.slow
def test_the_action_installs_itself(tmp_path: Path) -> None:
    """From its own checkout, into an environment of its own."""
    (tmp_path / "runner").mkdir()
    runner = Runner(tmp_path / "runner")
    done = runner.step("Install cardlint", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    write_files(tmp_path / "repo", MODEL)
    runner.env["CARDLINT_OFFLINE"] = "1"
    assert runner.step("Check", tmp_path / "repo").returncode == 1


def test_the_gitlab_job_writes_the_reports_it_declares(tmp_path: Path) -> None:
    """Each report that the job names is there after its script, and is not empty."""
    job = _yaml(CI / "gitlab-ci.yml")["cardlint"]
    write_files(tmp_path, MODEL)
    path = f"{_cardlint_bin().parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-ec", "\n".join(job["script"])],
        cwd=tmp_path,
        env={**bare(), "PATH": path, "CARDLINT_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    reports = job["artifacts"]["reports"]
    assert json.loads((tmp_path / reports["codequality"]).read_text("utf-8"))
    assert (tmp_path / reports["junit"]).read_text("utf-8").startswith("<?xml")
    assert all((tmp_path / name).stat().st_size for name in job["artifacts"]["paths"])


def test_the_examples_use_names_that_exist() -> None:
    """Hook ids, action inputs, options and variables are those of this version."""
    hooks = {hook["id"]: hook for hook in _yaml(ROOT / ".pre-commit-hooks.yaml")}
    used = _yaml(CI / "pre-commit-config.yaml")["repos"][0]["hooks"]
    assert {h["id"] for h in used} == set(hooks) == {"cardlint", "cardlint-full"}
    assert all(hook["pass_filenames"] is False for hook in hooks.values())
    steps = _yaml(CI / "github.yml")["jobs"]["cardlint"]["steps"]
    given = set(steps[-1]["with"])
    assert given <= set(_yaml(ROOT / "action.yml")["inputs"])
    from cardlint.cli.check import command

    documented = set(re.findall(r"`(CARDLINT_[A-Z_]+)`", (CI / "README.md").read_text("utf-8")))
    options = [p for p in command.params if isinstance(p, click.Option)]
    assert documented == {str(p.envvar) for p in options if p.envvar}


def _app() -> ModuleType:
    spec = importlib.util.spec_from_file_location("webhook_app", CI / "hub-webhook" / "app.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _event(name: str, sha: str, scope: str = "repo.content") -> dict[str, Any]:
    """A payload as the Hub sends it (hub-docs, "Webhooks")."""
    return {
        "event": {"action": "update", "scope": scope},
        "repo": {"type": "model", "name": name, "id": "1", "private": False, "headSha": sha},
        "updatedRefs": [{"ref": "refs/heads/main", "oldSha": "0" * 40, "newSha": sha}],
        "webhook": {"id": "2", "version": 3},
    }


def test_the_webhook_keeps_one_discussion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two changes of a model: one discussion, opened and then edited."""
    row = {"message": "x", "files": {"README.md": "# Model\n"}}
    shas = write_git(
        tmp_path / "hub" / "org" / "model",
        [
            {**row, "date": "2026-06-13"},
            {**row, "date": "2026-06-14", "files": {"README.md": "---\nlicense: nope\n---\n"}},
        ],
        bare=True,
    )
    app = _app()
    monkeypatch.setenv("WEBHOOK_SECRET", "s3cret")
    with HubServer(tmp_path / "hub") as hub:
        for name, value in hub.environment(tmp_path, TOKEN).items():
            monkeypatch.setenv(name, value)
        server = ThreadingHTTPServer(("127.0.0.1", 0), app.Webhook)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        threading.Thread(target=app.work, daemon=True).start()
        try:
            url = f"http://127.0.0.1:{server.server_port}/"
            sent = [_post(url, _event("org/model", sha), "s3cret") for sha in shas]
            ignored = _post(url, _event("org/model", shas[0], scope="discussion"), "s3cret")
            refused = _post(url, _event("org/model", shas[0]), "wrong")
            app.changes.join()
        finally:
            server.shutdown()
            server.server_close()
        assert (sent, ignored, refused) == ([202, 202], 204, 403)
        discussions = hub.discussions.of["org/model"]
        assert len(discussions) == 1
        said = discussions[0]["events"][0]["data"]
        assert said["edited"] is True
        assert shas[1][:12] in said["latest"]["raw"]


def _post(url: str, payload: dict[str, Any], secret: str) -> int:
    request = urllib.request.Request(  # noqa: S310  # our own server
        url, json.dumps(payload).encode(), {"X-Webhook-Secret": secret}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # same
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


@pytest.mark.slow
def test_the_hook_runs_under_the_real_pre_commit(tmp_path: Path) -> None:
    """`pre-commit try-repo` installs this checkout, and the hook finds what is wrong."""
    pytest.importorskip("pre_commit", reason="pre-commit is not installed")
    source = tmp_path / "cardlint"
    source.mkdir()
    for name in (
        "linter",
        "rules",
        "licenses",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        ".pre-commit-hooks.yaml",
    ):
        origin = ROOT / name
        if origin.is_dir():
            shutil.copytree(origin, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(origin, source / name)
    model = tmp_path / "model"
    write_files(model, MODEL)
    env = {**bare(), "PRE_COMMIT_HOME": str(tmp_path / "home")}
    for folder in (source, model):
        for command in (
            ["git", "init", "-q"],
            ["git", "add", "."],
            ["git", "-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-qm", "x"],
        ):
            subprocess.run(command, cwd=folder, check=True, env=env)

    def hook() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "pre_commit",
                "try-repo",
                str(source),
                "cardlint",
                "--all-files",
                "--verbose",
            ],
            cwd=model,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )

    failed = hook()
    assert failed.returncode == 1, failed.stdout + failed.stderr
    assert "metadata/license-unknown" in failed.stdout
    write_files(model, {"README.md": "---\nlicense: mit\n---\n# Model\n"})
    subprocess.run(["git", "add", "."], cwd=model, check=True, env=env)
    passed = hook()
    assert "metadata/license-unknown" not in passed.stdout
