"""Finding real parts, excusing missing ones, and what a missing one does to a test run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.installers import GO_MINIMUM, KUBO_VERSION, Cause, InstallFailed, install_debian, install_npm
from scripts.tools import CATALOGUE, Part, excuses, judge, table

ROOT = Path(__file__).parent.parent
GONE = Part("gone", "debian", ("no-such-program-anywhere",), ("gone-package",))
SAMPLE = """
import pytest

@pytest.mark.part("wrk")
def test_needs_a_part():
    pass

@pytest.mark.full
def test_big():
    raise AssertionError("only with --full")
"""


def run(*command: str | Path, ci: str = "") -> subprocess.CompletedProcess[str]:
    """A Python command on a machine without any program on its PATH."""
    environment = {**os.environ, "PATH": str(ROOT / "no-such-folder"), "CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True)


def sample(tmp_path: Path, *options: str, ci: str = "", text: str = SAMPLE) -> subprocess.CompletedProcess[str]:
    """pytest on two tests, one that needs a part which is not there and one that is big, with our manners."""
    (tmp_path / "test_sample.py").write_text(text)
    plugins = [word for name in ("tests.conftest", "pytest_timeout", "xdist.plugin") for word in ("-p", name)]
    return run(
        "pytest", "-q", "-c", ROOT / "pyproject.toml", "--rootdir", tmp_path, *plugins, *options, tmp_path, ci=ci
    )


def test_missing_part_skips_its_tests_with_the_fix(tmp_path: Path) -> None:
    said = sample(tmp_path).stdout
    assert "wrk is missing: not installed: apt-get install wrk" in said
    assert "1 skipped, 1 deselected" in said
    assert "1 big tests were left out; scripts/test --full runs them too." in said


def test_missing_part_in_a_complete_run_fails_its_tests(tmp_path: Path) -> None:
    said = sample(tmp_path, ci="true").stdout
    assert "wrk is missing" in said
    assert "1 deselected, 1 error" in said


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["alone", "two workers"])
def test_usage_counts_what_ran_and_not_what_was_skipped(tmp_path: Path, options: list[str]) -> None:
    usage = tmp_path / "usage.json"
    usage.write_text(json.dumps({"parts": {"anvil": 3}}))
    said = sample(tmp_path, "--usage", str(usage), *options).stdout
    assert "1 skipped" in said
    assert "1 big tests were left out" in said
    assert json.loads(usage.read_text()) == {"parts": {"anvil": 3}}


def test_full_runs_the_big_tests(tmp_path: Path) -> None:
    said = sample(tmp_path, "--full", "-m", "full").stdout
    assert "only with --full" in said
    assert "1 failed, 1 deselected" in said


def test_mark_of_an_unknown_part_stops_the_run(tmp_path: Path) -> None:
    done = sample(tmp_path, text=SAMPLE.replace("wrk", "hammer"))
    assert done.returncode == 4
    assert "no real part is called hammer" in done.stderr


def test_tools_named_part_missing_fails_and_says_how_to_install() -> None:
    done = run("scripts.tools", "--json", "wrk")
    (found,) = json.loads(done.stdout)["data"]["parts"]
    assert done.returncode == 1
    assert (found["path"], found["cause"]) == ("", "not installed")
    assert "apt-get install wrk" in found["missing"]


def test_tools_unknown_part_is_refused_with_the_names_there_are() -> None:
    done = run("scripts.tools", "hammer")
    assert done.returncode == 2
    assert "unknown part hammer" in done.stderr
    assert "anvil" in done.stderr


def test_judge_excuse_holds_for_its_cause_only() -> None:
    pardons: dict[str, tuple[Cause, str]] = {"gone": ("not installed", "no such thing on this kind of machine")}
    assert judge(GONE, None, pardons).excuse == "no such thing on this kind of machine"
    assert judge(GONE, InstallFailed("install failed", "exit code 1"), pardons).excuse == ""
    assert judge(GONE, None, {}).excuse == ""


def test_excuses_name_parts_there_are_and_give_reasons() -> None:
    assert excuses().keys() <= CATALOGUE.keys()
    assert all(len(reason) > 20 for _, reason in excuses().values())


def test_table_shows_version_count_and_what_is_missing() -> None:
    text = table([judge(CATALOGUE["node"], None, {}), judge(GONE, None, {})], {"node": 12})
    assert [line.split()[0] for line in text.splitlines()] == ["part", "node", "gone"]
    assert "12" in text.splitlines()[1]
    assert "MISSING: not installed: apt-get install gone-package" in text


def test_find_several_versions_takes_the_newest(tmp_path: Path) -> None:
    for version in ("9", "15", "16"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "tool").touch()
    part = Part("tool", "debian", (f"{tmp_path}/*/tool",))
    assert part.find() == tmp_path / "16" / "tool"
    assert part.version(tmp_path / "16" / "tool") == ""


def test_install_without_the_means_raises_the_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(ROOT / "no-such-folder"))
    with pytest.raises(InstallFailed, match="node and npm are needed") as npm:
        install_npm()
    assert npm.value.cause == "no npm"
    with pytest.raises(InstallFailed, match="not a Debian system") as debian:
        install_debian(["gone-package"])
    assert debian.value.cause == "not installed"


@pytest.mark.part("kubo")
def test_kubo_is_the_pinned_version() -> None:
    path = CATALOGUE["kubo"].find()
    assert path
    assert CATALOGUE["kubo"].version(path) == KUBO_VERSION
    assert GO_MINIMUM >= (1, 26)
