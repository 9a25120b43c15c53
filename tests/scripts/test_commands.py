"""The command line as a user meets it: help, JSON, errors, dry runs, wallets."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.settings import Settings
from scripts.dnft import app
from tests.service import Service, service

COMMANDS = [
    "bench",
    "chain",
    "check",
    "costs",
    "deploy",
    "doctor",
    "erase",
    "mint",
    "pack",
    "personality",
    "platform",
    "serve",
    "sessions",
    "status",
    "wallet",
    "worker",
]


def dnft(*arguments: str, folder: Path, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    (folder / "dnft.toml").touch()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DNFT_")}
    environment = {**inherited, "DNFT_DATA": str(folder), "DNFT_CONFIG": str(folder / "dnft.toml"), **settings}
    return subprocess.run(
        [sys.executable, "-m", "scripts.dnft", *arguments],
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_names_every_command() -> None:
    shown = CliRunner().invoke(app, ["--help"])
    assert shown.exit_code == 0
    for name in COMMANDS:
        assert f" {name} " in shown.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command_tells_what_it_does(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"])
    assert shown.exit_code == 0
    assert "Usage" in shown.stdout


def test_doctor_lists_every_setting_and_masks_secrets(tmp_path: Path) -> None:
    key = "ab" * 32
    shown = dnft("doctor", "--json", folder=tmp_path, DNFT_RAW_KEY=key, DNFT_SESSION_SECRET=key)
    listed = {each["name"]: each for each in json.loads(shown.stdout)["data"]["settings"]}
    assert set(listed) == {f"DNFT_{name.upper()}" for name in Settings.model_fields}
    assert all(each["meaning"] for each in listed.values())
    assert key not in shown.stdout + shown.stderr


def test_doctor_wrong_settings_names_each_at_once(tmp_path: Path) -> None:
    shown = dnft("doctor", "--json", folder=tmp_path, DNFT_PORT="x", DNFT_ORIGIN="nowhere", DNFT_NONSENSE="1")
    text = " ".join(check["seen"] for check in json.loads(shown.stdout)["data"]["checks"])
    assert all(name in text for name in ("DNFT_PORT", "DNFT_ORIGIN", "DNFT_NONSENSE"))


def test_command_wrong_settings_json_has_code_message_hint(tmp_path: Path) -> None:
    shown = dnft("status", "--json", folder=tmp_path, DNFT_PORT="x")
    answer = json.loads(shown.stdout)
    assert answer["ok"] is False
    assert answer["error"]["code"] == "configuration"
    assert "DNFT_PORT" in answer["error"]["message"]
    assert "doctor" in answer["error"]["hint"]
    assert shown.returncode == 2


def test_chain_in_production_is_refused(tmp_path: Path) -> None:
    secrets = {"DNFT_SESSION_SECRET": "5e" * 32, "DNFT_VAULT_KEY": "5f" * 32}
    shown = dnft("chain", folder=tmp_path, DNFT_ENV="production", DNFT_ORIGIN="https://example.com", **secrets)
    assert shown.returncode == 1
    assert "production" in shown.stderr


def test_wallet_new_then_show_gives_one_address_and_hides_the_key(tmp_path: Path) -> None:
    file = tmp_path / "wallet.json"
    made = dnft("wallet", "new", str(file), "--password", "correct horse", "--json", folder=tmp_path)
    address = json.loads(made.stdout)["data"]["address"]
    assert file.stat().st_mode & 0o077 == 0
    seen = dnft(
        "wallet", "show", "--json", folder=tmp_path, DNFT_KEYSTORE=str(file), DNFT_KEYSTORE_PASSWORD="correct horse"
    )
    assert json.loads(seen.stdout)["data"]["address"] == address
    again = dnft("wallet", "new", str(file), "--password", "correct horse", "--json", folder=tmp_path)
    assert json.loads(again.stdout)["ok"] is False, "an existing keystore is never overwritten"


def test_wallet_short_password_is_refused(tmp_path: Path) -> None:
    made = dnft("wallet", "new", str(tmp_path / "w.json"), "--password", "short", "--json", folder=tmp_path)
    assert json.loads(made.stdout)["error"]["code"] == "invalid"
    assert not (tmp_path / "w.json").exists()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("service"), "chain") as started:
        yield started


class TestCollections:
    def test_deploy_dry_run_shows_cost_and_changes_nothing(self, running: Service) -> None:
        seen = running.run("deploy", "first", "--name", "First", "--supply", "50", "--dry-run")
        assert 1_000_000 < seen["gas"] < 16_777_216
        assert running.run("status") == {}

    def test_deploy_mint_status_without_a_worker_runs_one_inline(self, running: Service) -> None:
        running.run("deploy", "first", "--name", "First", "--supply", "50")
        assert running.run("mint", "first", "--count", "2", "--dry-run")["would mint"] == "0 to 1"
        done = running.run("mint", "first", "--count", "2")
        assert (done["released"], done["minted"], done["covered"]) == (2, 2, 2)

    def test_deploy_again_changes_nothing(self, running: Service) -> None:
        before = running.run("status", "first")
        running.run("deploy", "first", "--name", "First", "--supply", "50")
        assert running.run("status", "first") == before

    def test_deploy_same_slug_other_supply_is_a_conflict(self, running: Service) -> None:
        answer = running.ask("deploy", "first", "--name", "First", "--supply", "51")
        assert answer["error"]["code"] == "conflict"

    def test_mint_more_than_the_supply_is_refused(self, running: Service) -> None:
        answer = running.ask("mint", "first", "--count", "49")
        assert "48 of 50" in answer["error"]["message"]

    def test_mint_unknown_collection_says_where_to_look(self, running: Service) -> None:
        answer = running.ask("mint", "nobody")
        assert answer["error"]["code"] == "not-found"
        assert "status" in answer["error"]["hint"]

    def test_mint_release_only_births_without_minting(self, running: Service) -> None:
        done = running.run("mint", "first", "--count", "1", "--release-only")
        assert (done["covered"], done["minted"]) == (3, 2)

    def test_mint_to_a_bad_address_is_refused(self, running: Service) -> None:
        assert running.ask("mint", "first", "--to", "0x12")["error"]["code"] == "invalid"
