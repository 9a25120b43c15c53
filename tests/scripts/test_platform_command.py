"""`dnft platform` as a process; `dnft platform coverage` and `dnft costs` against one."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner, Result

from app.standins.platform.options import DEV_KEY, Options
from scripts.dnft import app
from tests.adapters.wire import Wire
from tests.ports.platform_rigs import WORDS, model_server
from tests.scripts.test_commands import dnft
from tests.standins.platforms import body, platform

SECRET = "k3y-of-the-model"


@contextmanager
def standin(folder: Path, *options: str, **settings: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """URL and process of a running `dnft platform`."""
    (folder / "dnft.toml").touch()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DNFT_")}
    environment = {**inherited, "DNFT_DATA": str(folder), "DNFT_CONFIG": str(folder / "dnft.toml"), **settings}
    command = [sys.executable, "-m", "scripts.dnft", "platform", "--port", "0", "--no-limits", *options]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None and process.stderr is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("platform listening on http://127.0.0.1:"), process.stderr.read()
        yield line.split()[-1], process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `dnft` on a new data folder in this process, for what ends before it sets up logs: those would go on being
    written to what the runner closes."""
    for name in [name for name in os.environ if name.startswith("DNFT_")]:
        monkeypatch.delenv(name)
    (tmp_path / "dnft.toml").touch()
    monkeypatch.setenv("DNFT_DATA", str(tmp_path))
    monkeypatch.setenv("DNFT_CONFIG", str(tmp_path / "dnft.toml"))

    def run(*arguments: str, **settings: str) -> Result:
        with monkeypatch.context() as patch:
            for name, value in settings.items():
                patch.setenv(name, value)
            return CliRunner().invoke(app, list(arguments))

    return run


def ask(url: str, key: str = DEV_KEY) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {key}"}
    answer = httpx.post(f"{url}/api/agents/invoke", json=body(), headers=headers, trust_env=False)
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def test_platform_has_an_option_for_every_field_but_the_secret() -> None:
    group: Any = typer.main.get_command(app)
    flags = {flag for parameter in group.commands["platform"].params for flag in parameter.opts}
    wanted = {f"--{field.name.replace('_', '-')}" for field in fields(Options)}
    assert flags - {"--help"} == wanted - {"--model-key"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_platform_serves_until_it_is_asked_to_stop_and_then_says_nothing(tmp_path: Path, number: int) -> None:
    with standin(tmp_path) as (url, process):
        assert "stand-in" in ask(url)["content"]
        process.send_signal(number)
        assert process.wait(10) == 0
        assert process.stderr is not None and process.stderr.read() == ""


def test_platform_takes_its_communities_from_a_file_and_sends_no_key_where_no_model_is(tmp_path: Path) -> None:
    file = tmp_path / "who.toml"
    file.write_text('[[community]]\nid = "a"\nkey = "its-key"\ntier = "free"\n')
    with standin(tmp_path, "--communities", str(file), DNFT_MODEL_KEY=SECRET) as (url, _):
        assert ask(url, "its-key")["content"]
        refused = httpx.get(f"{url}/api/agents/models", headers={"authorization": f"Bearer {DEV_KEY}"}, trust_env=False)
        assert refused.status_code == 401


def test_platform_speaks_with_a_model_whose_key_is_a_setting(tmp_path: Path) -> None:
    with Wire(model_server) as model:
        options = ("--model-url", f"{model.url}/v1", "--model", "small")
        with standin(tmp_path, *options, DNFT_MODEL_KEY=SECRET) as (url, process):
            assert ask(url)["content"] == WORDS
            arguments = Path(f"/proc/{process.pid}/cmdline")
            if arguments.exists():
                assert SECRET.encode() not in arguments.read_bytes()
        assert model.requests[-1].headers["authorization"] == f"Bearer {SECRET}"


def test_platform_wrong_options_are_all_named(here: Callable[..., Result]) -> None:
    shown = here("platform", "--host", "0.0.0.0", "--model-url", "ftp://x")
    assert shown.exit_code == 2
    assert all(word in shown.stderr for word in ("loopback", "name of a model", "http or https", "--help"))


def test_platform_key_of_a_model_is_no_option(here: Callable[..., Result]) -> None:
    assert here("platform", "--model-key", SECRET).exit_code == 2


def test_platform_missing_file_of_communities_says_so(here: Callable[..., Result]) -> None:
    shown = here("platform", "--communities", "/nowhere/none.toml")
    assert shown.exit_code == 2 and "can't be read" in shown.stderr


def test_platform_in_production_is_refused(here: Callable[..., Result]) -> None:
    secrets = {"DNFT_SESSION_SECRET": "ab" * 32, "DNFT_VAULT_KEY": "cd" * 32}
    shown = here("platform", DNFT_ENV="production", DNFT_ORIGIN="https://example.com", **secrets)
    assert shown.exit_code == 1
    assert "production" in shown.stderr and "DNFT_PLATFORM_URL" in shown.stderr


def test_platform_taken_port_says_so(here: Callable[..., Result]) -> None:
    with platform() as server:
        shown = here("platform", "--port", server.url.rpartition(":")[2])
        assert shown.exit_code == 1 and "Port" in shown.stderr


def test_coverage_probe_exercises_the_questions_and_remembers(tmp_path: Path) -> None:
    with platform() as server:
        settings = {"DNFT_PLATFORM_URL": server.url, "DNFT_PLATFORM_KEY": DEV_KEY}
        asked = dnft("platform", "coverage", "--probe", "--json", folder=tmp_path, **settings)
    found = json.loads(asked.stdout)["data"]
    assert (found["exercised"], found["of"]) == (3, 8)
    rows = {row["name"]: row for row in found["capabilities"]}
    assert {name for name, row in rows.items() if row["exercised"]} == {"models", "budget", "health"}
    assert rows["models"]["lastAt"] and rows["invoke"]["lastAt"] is None
    assert DEV_KEY not in asked.stdout + asked.stderr
    assert "3 of 8" in dnft("platform", "coverage", folder=tmp_path).stdout


def test_coverage_probe_of_a_platform_that_is_away_counts_failures(tmp_path: Path) -> None:
    settings = {"DNFT_PLATFORM_URL": "http://127.0.0.1:9", "DNFT_PLATFORM_KEY": DEV_KEY}
    shown = dnft("platform", "coverage", "--probe", "--json", folder=tmp_path, **settings)
    rows = {row["name"]: row for row in json.loads(shown.stdout)["data"]["capabilities"]}
    assert rows["health"]["errors"] == 1 and rows["health"]["lastError"] == "platform-unavailable"
    assert not rows["health"]["exercised"]


def test_coverage_probe_without_a_platform_says_what_to_set(tmp_path: Path) -> None:
    shown = dnft("platform", "coverage", "--probe", "--json", folder=tmp_path)
    assert "DNFT_PLATFORM_URL" in json.loads(shown.stdout)["error"]["message"]


def test_costs_of_a_new_folder_are_nothing(tmp_path: Path) -> None:
    assert "$0.000000 for 0 replies" in dnft("costs", "--days", "7", folder=tmp_path).stdout


def test_costs_of_an_unknown_collection_says_where_to_look(tmp_path: Path) -> None:
    error = json.loads(dnft("costs", "--collection", "nowhere", "--json", folder=tmp_path).stdout)["error"]
    assert error["code"] == "not-found" and "dnft status" in error["hint"]


def test_doctor_asks_the_platform_and_says_what_to_mend(tmp_path: Path) -> None:
    def check(**settings: str) -> dict[str, Any]:
        checks = json.loads(dnft("doctor", "--json", folder=tmp_path, **settings).stdout)["data"]["checks"]
        found: dict[str, Any] = next(each for each in checks if each["what"] == "agent platform")
        return found

    with platform() as server:
        well = check(DNFT_PLATFORM_URL=server.url, DNFT_PLATFORM_KEY=DEV_KEY)
        assert well["ok"] and "cheap" in well["seen"]
        refused = check(DNFT_PLATFORM_URL=server.url, DNFT_PLATFORM_KEY="another")
        assert not refused["ok"] and "another" not in str(refused)
    assert "DNFT_PLATFORM_URL" in check()["fix"]
