"""Where settings come from, what they may say, and what a wrong one is told."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from cardlint.errors import UsageError
from cardlint.findings import Severity
from cardlint.rule import RunRule
from cardlint.settings import Settings, load, selected, selection
from cardlint.settings_file import find, schema
from tests.kit.cli import run
from tests.kit.repos import write_files

SCHEMAS = Path(__file__).parent.parent.parent / "linter" / "cardlint" / "schemas"
RULE = "metadata/front-matter-missing"


def _load(root: Path, text: str, **overrides: object) -> Settings:
    write_files(root, {"cardlint.toml": text})
    return load(root, overrides)


def _ids(settings: Settings) -> set[str]:
    """The rules that run, but for those about the run itself: these always do."""
    return {
        r.id
        for r in selected(settings)
        if not isinstance(r, RunRule) and not r.id.startswith("internal/")
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cardlint.toml", 'profile = "strict"\n'),
        (".cardlint.toml", 'profile = "strict"\n'),
        ("pyproject.toml", '[project]\nname = "x"\n[tool.cardlint]\nprofile = "strict"\n'),
    ],
)
def test_each_of_the_three_names_is_read(tmp_path: Path, name: str, text: str) -> None:
    """Found from a folder below, whatever it is called."""
    write_files(tmp_path, {name: text, "models/one/README.md": "# One\n"})
    settings = load(tmp_path / "models" / "one")
    assert (settings.file, settings.profile) == (tmp_path.resolve() / name, "strict")


def test_a_pyproject_without_our_section_does_not_count(tmp_path: Path) -> None:
    """The search goes on upwards."""
    write_files(
        tmp_path,
        {"cardlint.toml": 'profile = "hobby"\n', "one/pyproject.toml": '[project]\nname = "x"\n'},
    )
    assert load(tmp_path / "one").profile == "hobby"


def test_the_nearest_file_counts_alone(tmp_path: Path) -> None:
    """There is no cascade: what the outer file ignores is not ignored here."""
    write_files(
        tmp_path,
        {
            "cardlint.toml": f'ignore = ["{RULE}"]\n',
            "inner/cardlint.toml": "preview = true\n",
        },
    )
    assert RULE not in _ids(load(tmp_path))
    assert RULE in _ids(load(tmp_path / "inner"))


def test_two_files_in_one_folder_are_an_error(tmp_path: Path) -> None:
    """Nobody has to guess which of them is read."""
    write_files(tmp_path, {"cardlint.toml": "", ".cardlint.toml": ""})
    with pytest.raises(UsageError, match=r"two settings files: cardlint.toml and .cardlint.toml"):
        find(tmp_path)


@pytest.mark.parametrize(
    ("text", "line", "message", "remedy"),
    [
        ("\nselct = []\n", 2, "unknown key selct", "Did you mean select?"),
        ("fail_on = 'error'\n", 1, "unknown key fail_on", "Did you mean fail-on?"),
        ("fail-on = 'eror'\n", 1, "fail-on is 'eror'", "Did you mean error?"),
        ("preview = 'yes'\n", 1, "preview is 'yes', not true or false", "Write true or false."),
        ("select = 'metadata'\n", 1, "not a list of strings", "Write a list of strings."),
        ("ignore = ['metdata']\n", 1, "no rule or family is called metdata", "metadata?"),
        ("[severity]\n'a/b' = 'error'\n", 2, "no rule is called a/b", "cardlint rules"),
        ("[severity]\n'metadata/yaml-syntax' = 'bad'\n", 2, "is 'bad'", "error, warning, info"),
        (
            "[rules.'metadata/yaml-syntax']\nlimit = 1\n",
            2,
            "metadata/yaml-syntax has no option limit",
            "cardlint rule metadata/yaml-syntax",
        ),
        (
            "preview = true\n[[ignores]]\nrule = 'metadata/yaml-syntax'\n",
            2,
            "[[ignores]] has no reason",
            "Add reason",
        ),
        (
            "[[ignores]]\nrule='metadata/yaml-syntax'\nreason='x'\n[[ignores]]\nrule='metadata'\nreason='x'\n",
            4,
            "no rule is called metadata",
            "",
        ),
        (
            "[per-path.'old/**']\nignre = ['license']\n",
            2,
            "unknown key ignre",
            "Did you mean ignore?",
        ),
        ("profile = [\n", None, "is not TOML", "toml.io"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, text: str, line: int | None, message: str, remedy: str
) -> None:
    """The file, the line, what is wrong, and one step."""
    with pytest.raises(UsageError) as caught:
        _load(tmp_path, text)
    where = f"{tmp_path.resolve() / 'cardlint.toml'}" + (f":{line}: " if line else " ")
    assert caught.value.message.startswith(where)
    assert message in caught.value.message
    assert remedy in (caught.value.remedy or "")


def test_an_unknown_profile_is_guessed() -> None:
    """A file of that name is looked for too."""
    with pytest.raises(UsageError, match="no profile is called stict") as caught:
        load(overrides={"profile": "stict"}, isolated=True)
    assert caught.value.remedy == "Did you mean strict?"


def test_profiles_that_extend_each_other(tmp_path: Path) -> None:
    """A circle is an error, not a hang."""
    write_files(tmp_path, {"a.toml": 'extends = "b.toml"\n', "b.toml": 'extends = "a.toml"\n'})
    with pytest.raises(UsageError, match="extends itself"):
        load(overrides={"profile": str(tmp_path / "a.toml")}, isolated=True)


def test_a_profile_of_ones_own(tmp_path: Path) -> None:
    """A file beside the settings selects rules and severities; settings come above it."""
    write_files(
        tmp_path,
        {
            "ours.toml": 'description = "ours"\nextends = "strict"\nselect = ["metadata"]\n'
            'ignore = ["metadata/yaml-syntax"]\n[severity]\n'
            f'"{RULE}" = "info"\n"metadata/license-unknown" = "warning"\n',
            "cardlint.toml": f'profile = "ours.toml"\n[severity]\n"{RULE}" = "error"\n',
        },
    )
    settings = load(tmp_path)
    assert settings.profile_chain == ("default", "strict", str(tmp_path.resolve() / "ours.toml"))
    assert settings.fail_on is Severity.WARNING
    assert settings.severity[RULE] is Severity.ERROR
    assert settings.severity["metadata/license-unknown"] is Severity.WARNING
    ids = _ids(settings)
    assert {i.partition("/")[0] for i in ids} == {"metadata"}
    assert "metadata/yaml-syntax" not in ids


def test_the_more_specific_selector_wins(tmp_path: Path) -> None:
    """A rule's own id beats its family, in either direction; then the command line; then ignore."""
    off = _load(tmp_path, 'ignore = ["metadata"]\nextend-select = ["metadata/yaml-syntax"]\n')
    assert "metadata/yaml-syntax" in _ids(off)
    assert RULE not in _ids(off)
    above = _load(tmp_path, f'ignore = ["{RULE}"]\n', **{"extend-select": ("metadata",)})
    assert RULE not in _ids(above)
    named = _load(tmp_path, f'ignore = ["{RULE}"]\n', **{"extend-select": (RULE,)})
    assert RULE in _ids(named)
    both = load(overrides={"select": (RULE,), "ignore": (RULE,)}, isolated=True)
    assert RULE not in _ids(both)


def test_a_command_line_select_replaces_the_files(tmp_path: Path) -> None:
    """``select`` does not add up."""
    settings = _load(tmp_path, 'select = ["license"]\n', select=(RULE,))
    assert _ids(settings) == {RULE}


def test_isolated_reads_no_file(tmp_path: Path) -> None:
    """Not even one that could not be read."""
    write_files(tmp_path, {"cardlint.toml": "selct = []\n"})
    assert load(tmp_path, isolated=True).file is None


def test_origins_name_file_and_line(tmp_path: Path) -> None:
    """``cardlint settings`` says where each value comes from."""
    settings = _load(tmp_path, '\nprofile = "strict"\n', **{"min-confidence": "high"})
    assert settings.origins["profile"] == f"{tmp_path.resolve() / 'cardlint.toml'}:2"
    assert settings.origins["fail-on"] == "profile strict"
    assert settings.origins["min-confidence"] == "command line"


def test_the_settings_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """File, environment and option each appear with the value that they set."""
    write_files(tmp_path, {"cardlint.toml": 'fail-on = "info"\nweights = "off"\n'})
    monkeypatch.setenv("CARDLINT_MIN_CONFIDENCE", "medium")
    ran = run("settings", tmp_path, "--profile", "hobby", "--format", "json")
    data = json.loads(ran.out)
    rows = {k: (v["value"], v["from"]) for k, v in data["settings"].items()}
    assert rows["profile"] == ("hobby", "command line")
    assert rows["min-confidence"] == ("medium", "environment, CARDLINT_MIN_CONFIDENCE")
    assert rows["fail-on"] == ("info", f"{tmp_path.resolve() / 'cardlint.toml'}:1")
    assert rows["weights"] == ("off", f"{tmp_path.resolve() / 'cardlint.toml'}:2")
    assert rows["budget"] == ("64MiB", "default")
    text = run("settings", tmp_path).out
    assert 'fail-on        = "info"' in text


def test_the_published_schema_is_that_of_the_code() -> None:
    """``schemas/settings.json`` is `cardlint settings --schema`."""
    published = json.loads((SCHEMAS / "settings.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(published)
    assert published == schema()
    assert run("settings", "--schema").out == (SCHEMAS / "settings.json").read_text("utf-8")


@pytest.mark.parametrize(
    ("data", "fits"),
    [
        ({"profile": "strict", "per-path": {"old/**": {"ignore": ["license"]}}}, True),
        ({"ignores": [{"rule": "a/b", "reason": "x", "expires": "2026-01-01"}]}, True),
        ({"ignores": [{"rule": "a/b"}]}, False),
        ({"selct": []}, False),
        ({"severity": {"a/b": "bad"}}, False),
    ],
)
def test_the_schema_takes_what_the_code_takes(data: dict[str, object], fits: bool) -> None:  # noqa: FBT001  # a table's column
    """An editor says the same as the program."""
    valid = jsonschema.Draft202012Validator(schema()).is_valid(data)
    assert valid is fits


def test_every_builtin_profile_can_be_read() -> None:
    """Each has a description, extends default, and is not default under another name."""
    from cardlint import profiles

    assert profiles.names() == ["default", "hobby", "public-sector", "strict"]
    for name in profiles.names():
        layers = profiles.chain(name)
        assert layers[0].name == "default"
        assert layers[-1].values["description"]


def test_stricter_profiles_run_no_fewer_rules() -> None:
    """Sets of rules: default ⊆ strict ⊆ public-sector; hobby ⊆ default."""
    sets = {
        name: _ids(load(overrides={"profile": name}, isolated=True))
        for name in ("hobby", "default", "strict", "public-sector")
    }
    assert sets["hobby"] <= sets["default"] <= sets["strict"] <= sets["public-sector"]


def test_selection_says_what_it_did_not_do() -> None:
    """No note without a reason."""
    assert selection(Settings()).notes == ()


def test_options_reach_their_rule(tmp_path: Path) -> None:
    """A number from the file changes what the rule says."""
    write_files(
        tmp_path,
        {
            "README.md": "---\nlicense: mit\n---\n# Model\n",
            "cardlint.toml": '[rules."upload/hub-limits"]\nfiles = 1\n',
        },
    )
    shape = ("check", tmp_path, "--offline", "--select", "upload/hub-limits")
    assert "The repository has 2 files; the Hub advises at most 1" in run(*shape).out
    assert "No findings" in run(*shape, "--isolated").out


def test_an_option_of_another_type_is_told_with_its_line(tmp_path: Path) -> None:
    """And what the type is."""
    with pytest.raises(UsageError) as caught:
        _load(tmp_path, '[rules."upload/hub-limits"]\nfiles = "many"\n')
    assert "cardlint.toml:2: upload/hub-limits: files is 'many'" in caught.value.message
    assert "(int)" in (caught.value.remedy or "")


def test_settings_say_where_to_read_and_options_win(tmp_path: Path) -> None:
    """``hub`` is seen from the file's folder; the command line is above it."""
    write_files(tmp_path / "mirror/org/model", {"README.md": "---\nlicense: mit\n---\n# M\n"})
    write_files(tmp_path, {"cardlint.toml": 'hub = "mirror"\noffline = true\nbudget = "1MiB"\n'})
    config = ("--config", tmp_path / "cardlint.toml", "--select", RULE)
    assert run("check", "org/model", *config).code == 0
    (tmp_path / "empty").mkdir()
    assert run("check", "org/model", *config, "--hub", tmp_path / "empty").code == 3
