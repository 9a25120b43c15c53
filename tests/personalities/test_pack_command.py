"""`dnft pack` as an author meets it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from personalities.loading import CHECKSUMS, checksums
from scripts.commands.pack import pack
from tests.personalities.authoring import guide_pack

SMALL = ("--supply", "16")


def run(*arguments: str) -> tuple[int, dict[str, Any]]:
    shown = CliRunner().invoke(pack, [*arguments, "--json"])
    answer: dict[str, Any] = json.loads(shown.stdout)
    return shown.exit_code, answer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return guide_pack(tmp_path)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_sign_then_check_guide_pack(folder: Path) -> None:
    code, answer = run("check", str(folder), *SMALL)
    assert code == 2 and "CHECKSUMS cannot be read" in answer["error"]["message"]
    code, answer = run("sign", str(folder), *SMALL)
    assert code == 0 and answer["data"]["signed"]
    signed = (folder / CHECKSUMS).read_bytes()
    code, answer = run("check", str(folder), *SMALL)
    data = answer["data"]
    assert code == 0 and (folder / CHECKSUMS).read_bytes() == signed
    assert data["pack"] == "harbour@0.1.0" and data["births"] == 16
    assert data["counts"]["signals"]["Tonnage"] == "number" and data["counts"]["slots"]["craft"] == 16
    assert data["names"] == {"space": 64, "supply": 16, "largest_supply": 16}
    assert 3000 < data["document_bytes"]["largest_sample"] <= data["document_bytes"]["bound"] <= 8192
    assert len(data["samples"]) == 3 and data["samples"][0]["document"].startswith("# ")
    assert data["violations"] == {} and data["problems"] == [] and data["broken_documents"] == 0
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["CHECKSUMS", "names.toml", "pack.toml", "placeholder.toml", "rules.toml", "signals"]
    )


@pytest.mark.parametrize("name", ["dixie", "mibera"])
def test_check_packaged_pack_shows_documents_and_figures(name: str) -> None:
    shown = CliRunner().invoke(pack, ["check", name, "--births", "20"])
    assert shown.exit_code == 0
    assert shown.stdout.count("## Self-knowledge") == 3
    assert f"pack        {name}@" in shown.stdout and "20 written and judged, 0 broken" in shown.stdout


def test_sign_broken_pack_leaves_the_old_signature(folder: Path) -> None:
    assert run("sign", str(folder), *SMALL)[0] == 0
    before = (folder / CHECKSUMS).read_bytes()
    edit(folder / "signals" / "tonnage.toml", "weight = 9", "weight = 0")
    code, answer = run("sign", str(folder), *SMALL)
    assert code == 2 and "signals/tonnage.toml" in answer["error"]["message"]
    assert answer["error"]["hint"] == "CHECKSUMS was not touched."
    assert (folder / CHECKSUMS).read_bytes() == before


@pytest.mark.parametrize("command", ["check", "sign"])
def test_lines_that_break_a_rule_are_named_with_rule_place_and_cure(folder: Path, command: str) -> None:
    if command == "check":
        assert run("sign", str(folder), *SMALL)[0] == 0
    for name in ("element.toml", "rarity.toml"):
        file = folder / "signals" / name
        file.write_text(
            file.read_text(encoding="utf-8").replace('line = ["', 'line = ["As a sage, you sail. ", "'), "utf-8"
        )
        text = file.read_text(encoding="utf-8").replace('sail. "', 'sail."')
        file.write_text(text, encoding="utf-8")
    if command == "check":
        (folder / CHECKSUMS).write_text(checksums(folder), encoding="utf-8")
    code, answer = run(command, str(folder), *SMALL)
    assert code == 2
    assert "AN-6" in answer["error"]["message"] and "Identity" in answer["error"]["message"]
    assert "Never introduce a remark with a label" in answer["error"]["hint"]
    assert (folder / CHECKSUMS).exists() == (command == "check")


def test_check_in_words_shows_the_report_before_the_error(folder: Path) -> None:

    edit(folder / "signals" / "rarity.toml", "{plain_fate} {plain_use}", "As a sage, you sail.")
    (folder / CHECKSUMS).write_text(checksums(folder), encoding="utf-8")
    shown = CliRunner().invoke(pack, ["check", str(folder), *SMALL])
    assert shown.exit_code == 2
    assert "broken" in shown.stdout and "AN-6" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("check", "/no/such/folder"), "there is no pack 'folder'"),
        (("check", "no-such-pack"), "there is no pack 'no-such-pack'"),
        (("check", "mibera", "--supply", "1000000"), "names are too few for a supply of 1,000,000"),
    ],
)
def test_check_what_cannot_be_is_one_error(arguments: tuple[str, ...], problem: str) -> None:
    code, answer = run(*arguments)
    assert code == 2 and not answer["ok"] and problem in answer["error"]["message"]


def test_sign_does_not_write_through_a_link(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("precious", encoding="utf-8")
    (folder / CHECKSUMS).symlink_to(outside)
    assert run("sign", str(folder), *SMALL)[0] == 0
    assert outside.read_text(encoding="utf-8") == "precious"
    assert not (folder / CHECKSUMS).is_symlink()


def test_check_folder_with_a_plain_name_in_the_working_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert run("sign", "harbour", *SMALL)[0] == 0
    assert run("check", "harbour", *SMALL)[0] == 0
