"""`dnft pack copy`, `facets` and `keep`; the order of what `check` finds; and what a pipe reads."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from personalities import load_pack
from personalities.loading import CHECKSUMS, checksums
from scripts.commands.pack import pack
from scripts.commands.personality import personality
from tests.personalities.authoring import guide_pack

SMALL = ("--supply", "16")


def run(*arguments: str, code: int = 0) -> dict[str, Any]:
    """The data of a command, or its error."""
    shown = CliRunner().invoke(pack, [*arguments, "--json"])
    assert shown.exit_code == code, shown.output
    answer = json.loads(shown.stdout)
    found: dict[str, Any] = answer["data"] if code == 0 else answer["error"]
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = guide_pack(tmp_path)
    (folder / CHECKSUMS).write_text(checksums(folder), encoding="utf-8")
    return folder


def test_copy_of_a_pack_with_includes_is_whole_and_can_be_signed(folder: Path, tmp_path: Path) -> None:
    copied = run("copy", str(folder), str(tmp_path / "quay"))
    assert (copied["pack"], copied["copied from"]) == ("quay@0.1.0", "harbour@0.1.0")
    assert "slots/craft.toml" in copied["files"]
    assert run("check", str(tmp_path / "quay"), *SMALL, code=2)["message"].startswith("quay: CHECKSUMS cannot be read")
    signed = run("sign", str(tmp_path / "quay"), *SMALL)
    assert signed["pack"] == "quay@0.1.0"
    old, new = load_pack(folder), load_pack(tmp_path / "quay")
    assert (old.slots, old.signals, old.sections) == (new.slots, new.signals, new.sections)
    head = (tmp_path / "quay" / "pack.toml").read_text(encoding="utf-8")
    assert "include" not in head
    assert max(map(len, head.splitlines())) <= 120


def test_copy_of_a_packaged_pack_keeps_its_comments_and_takes_its_folders_name(tmp_path: Path) -> None:
    run("copy", "dixie", str(tmp_path / "mine"))
    there = (tmp_path / "mine" / "dials.toml").read_bytes()
    assert there.startswith(b"# edges: 17 bounds")
    assert (tmp_path / "mine").stat().st_mode & 0o777 == 0o755
    assert run("copy", "dixie", str(tmp_path / "Other One"), "--name", "other")["pack"] == "other@0.1.0"


def test_copy_into_what_exists_is_refused_and_leaves_it_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "precious").touch()
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("mine", "link"):
        problem = run("copy", "dixie", str(tmp_path / name), code=1)
        assert problem["code"] == "conflict"
        assert "exists already" in problem["message"]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["link", "mine", "precious"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("dixie", "Mine"), "cannot be the name of a pack"),
        (("dixie", "dixie"), "is named 'dixie' too"),
        (("nobody", "mine"), "there is no pack 'nobody'"),
        (("dixie", "no/such/mine"), "cannot be made: No such file"),
    ],
)
def test_copy_that_cannot_be_is_refused(
    arguments: tuple[str, str], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert problem in run("copy", *arguments, code=2)["message"]
    assert list(tmp_path.iterdir()) == []


def test_facets_of_a_pack_that_lacks_a_file_says_who_asks(folder: Path) -> None:
    assert run("facets", str(folder))["missing"] == 0
    (folder / "signals" / "era.toml").unlink()
    found = run("facets", str(folder))
    missing = {(each["id"], each["facet"]): each["by"] for each in found["facets"] if not each["met"]}
    assert found["missing"] == len(missing)
    assert "document.toml" in missing["era", "place"]
    shown = CliRunner().invoke(pack, ["facets", str(folder)])
    assert "✗ era" in shown.stdout
    assert f"{found['missing']} missing" in shown.stdout


def test_check_after_an_edit_names_the_fault_and_not_the_checksums(folder: Path) -> None:
    (folder / "signals" / "tonnage.toml").unlink()
    assert run("check", str(folder), *SMALL, code=2)["message"] == (
        "signals/tonnage.toml: the file is missing; write it, or include it in pack.toml"
    )


def test_check_after_an_edit_judges_births_before_the_checksums(folder: Path) -> None:
    file = folder / "signals" / "rarity.toml"
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole.replace("{plain_fate} {plain_use}", "As a sage, you sail."), encoding="utf-8")
    assert "AN-6" in run("check", str(folder), *SMALL, code=2)["message"]
    file.write_text(whole.replace("{plain_fate} {plain_use}", "{plain_use}"), encoding="utf-8")
    problem = run("check", str(folder), *SMALL, code=2)
    assert "CHECKSUMS does not match signals/rarity.toml (changed)" in problem["message"]
    assert problem["hint"] == "Everything else is in order. Nothing was changed."
    shown = CliRunner().invoke(pack, ["check", str(folder), *SMALL])
    assert "16 written and judged, 0 broken" in shown.stdout


def test_check_names_ignored_files_unknown_motifs_and_decks(folder: Path) -> None:
    report = run("check", str(folder), *SMALL)
    assert (report["ignored"], report["notes"]) == ([], [])
    assert report["decks"]["rarity"] == {"total": 10, "dealt": {"Plain": 14, "Fabled": 2}}
    assert report["decks"]["tonnage"] == {"total": 10, "dealt": {"1..99": 14, "100..4000": 2}}
    assert set(report["decks"]) == {"archetype", "lineage", "launched", "tonnage", "rarity"}
    (folder / "notes.md").touch()
    file = folder / "placeholder.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"lamp"', '"anchor"'), encoding="utf-8")
    report = run("sign", str(folder), *SMALL)
    assert report["ignored"] == ["notes.md"]
    assert "'anchor'" in report["notes"][0]
    assert "a seal will be shown" in report["notes"][0]


def test_check_with_too_few_names_says_which_supply_they_are_for(folder: Path) -> None:
    message = run("check", str(folder), code=2)["message"]
    assert "64 names are too few for a supply of 10,000" in message
    assert "`--supply 16`" in message


def test_check_placeholder_of_one_colour_is_refused(folder: Path) -> None:
    file = folder / "placeholder.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(', "d8c9a3"', ""), encoding="utf-8")
    assert "two are needed" in run("check", str(folder), *SMALL, code=2)["message"]


def test_personality_show_takes_a_folder_by_its_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    shown = CliRunner().invoke(personality, ["show", "3", "--pack", "harbour", *SMALL])
    assert shown.exit_code == 0
    assert "- Tonnage: " in shown.stdout
    refused = CliRunner().invoke(personality, ["show", "3", "--pack", "harbour", "--json"])
    error = json.loads(refused.stdout)["error"]
    assert "enough for 16 tokens" in error["message"]
    assert "--supply" in error["hint"]


def dnft(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    data = folder / "data"
    data.mkdir(exist_ok=True)
    (folder / "dnft.toml").touch()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DNFT_")}
    environment = {**inherited, "DNFT_DATA": str(data), "DNFT_CONFIG": str(folder / "dnft.toml")}
    command = [sys.executable, "-m", "scripts.dnft", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_keep_puts_a_signed_pack_into_the_database_once(folder: Path, tmp_path: Path) -> None:
    wanted = {"pack": "harbour@0.1.0", "hash": load_pack(folder).hash}
    for _ in range(2):
        kept = dnft("pack", "keep", str(folder), "--json", folder=tmp_path)
        assert json.loads(kept.stdout) == {"ok": True, "data": wanted}
    (folder / CHECKSUMS).unlink()
    refused = dnft("pack", "keep", str(folder), folder=tmp_path)
    assert refused.returncode == 2
    assert "✗ harbour: CHECKSUMS cannot be read" in refused.stderr


def test_error_in_a_pipe_is_one_line_a_problem(folder: Path, tmp_path: Path) -> None:
    for name in ("era", "element"):
        (folder / "signals" / f"{name}.toml").unlink()
    shown = dnft("pack", "check", str(folder), folder=tmp_path)
    problems = [line for line in shown.stderr.splitlines() if line.startswith("✗ ")]
    assert problems == [
        f"✗ signals/{name}.toml: the file is missing; write it, or include it in pack.toml"
        for name in ("element", "era")
    ]
