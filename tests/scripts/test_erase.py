"""`dnft erase` as an operator meets it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.bootstrap import World
from app.scope import Scope
from personalities.voice import noticed
from scripts.dnft import app
from tests.db import rows
from tests.worlds import open_world

ACCOUNT = "eip155:31337:0xAb5801a7D398351b8bE11C439e05C5B3259aeC9B"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return open_world(tmp_path)


def told(world: World) -> Scope:
    project = world.project_id()
    with world.database.write() as unit:
        collection = unit.collections.add(rows.collection(project)).id or 0
    scope = Scope(project, collection, 7, 0, world.pseudonym(ACCOUNT))
    with world.database.write() as unit:
        world.memory.note(unit, scope, noticed("I like sailing.", "2026-11-20"))
    return scope


def erase(*arguments: str, folder: Path) -> Any:
    (folder / "dnft.toml").touch()
    environment = {"DNFT_DATA": str(folder), "DNFT_CONFIG": str(folder / "dnft.toml")}
    return json.loads(CliRunner().invoke(app, ["erase", *arguments, "--json"], env=environment).stdout)


def test_erase_account_dry_run_then_for_good_then_again(world: World, tmp_path: Path) -> None:
    scope = told(world)
    counted = erase(ACCOUNT.lower(), "--dry-run", folder=tmp_path)
    assert counted["data"] == {
        **{"user": scope.user, "dry_run": True, "keys": 1, "memories": 1},
        **{"summaries": 0, "conversations": 0, "messages": 0},
    }
    assert len(world.memory.recall(scope, "")) == 1
    assert not (tmp_path / "erased.jsonl").exists()
    assert erase(ACCOUNT, folder=tmp_path)["data"]["memories"] == 1
    assert world.memory.recall(scope, "") == []
    assert scope.user in (tmp_path / "erased.jsonl").read_text()
    assert erase("--user", scope.user, "--everywhere", folder=tmp_path)["data"]["keys"] == 0


def test_erase_restored_obeys_the_log(world: World, tmp_path: Path) -> None:
    scope = told(world)
    now = int(world.clock.now().timestamp())
    (tmp_path / "erased.jsonl").write_text(
        f'{{"project": {scope.project_id}, "user": "{scope.user}", "erasedAt": {now}}}\n'
    )
    assert erase("--restored", "--dry-run", folder=tmp_path)["data"] == {"would obey": 1}
    assert erase("--restored", folder=tmp_path)["data"]["memories"] == 1
    assert erase("--restored", folder=tmp_path)["data"]["obeyed"] == 0
    assert world.memory.recall(scope, "") == []


@pytest.mark.parametrize(
    "arguments",
    [(), (ACCOUNT, "--restored"), (ACCOUNT, "--user", "ab" * 16), ("--user", "AB" * 16), ("--user", "x"), ("alice",)],
)
def test_erase_unclear_whom_is_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    answer = erase(*arguments, folder=tmp_path)
    assert answer["ok"] is False and answer["error"]["code"] == "invalid"
