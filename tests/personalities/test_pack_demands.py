"""What the lines of a pack ask of its slots and signals, complete or not."""

from pathlib import Path

import pytest

from personalities.demands import Demand, demands
from personalities.loading import ignored, meant_pack, sources
from personalities.reading import contents, packaged
from tests.personalities.authoring import guide_pack


def test_demands_of_a_whole_pack_are_all_met() -> None:
    found = demands(contents(packaged("dixie")))
    assert all(each.met and each.by for each in found)
    noun = next(each for each in found if (each.id, each.facet) == ("keepsake", "noun"))
    assert noun.file == "slots/keepsake.toml"
    assert {"document.toml", "words.toml"} <= set(noun.by)


def test_demands_of_a_pack_that_is_only_begun_say_what_is_missing() -> None:
    found = demands(
        {
            "pack.toml": {"slots": ["craft", "study"], "signals": ["era"]},
            "words.toml": {"open": ["{craft.noun} and {^study.noun}, {Warmth.line}, {greeting}, {nobody.said}"]},
            "document.toml": {"section": [{"block": [{"parts": ["{era.label} {craft.noun}"]}]}]},
            "slots/craft.toml": {"option": [{"label": "a", "noun": ["x"]}, {"label": "b", "line": ["x"]}]},
            "signals/era.toml": {"option": [{"label": "a"}]},
        }
    )
    assert found == (
        Demand("craft", "noun", ("document.toml", "words.toml"), "slots/craft.toml", False),
        Demand("era", "label", ("document.toml",), "signals/era.toml", True),
        Demand("nobody", "said", ("words.toml",), "", False),
        Demand("study", "noun", ("words.toml",), "slots/study.toml", False),
    )


@pytest.mark.parametrize("head", [{}, {"slots": "craft"}, {"slots": [1, ["x"]]}])
def test_demands_of_nonsense_are_none(head: dict[str, object]) -> None:
    assert demands({"pack.toml": head, "slots/craft.toml": {"option": 5}, "words.toml": {"x": 5}}) == ()


def test_sources_of_included_files_lie_in_the_other_pack(tmp_path: Path) -> None:
    places = sources(guide_pack(tmp_path))
    assert set(places) == set(contents(tmp_path / "harbour"))
    assert places["signals/era.toml"] == tmp_path / "harbour" / "signals" / "era.toml"
    assert str(places["slots/craft.toml"]) == str(packaged("dixie").joinpath("slots", "craft.toml"))


def test_ignored_names_what_is_no_part_of_the_pack(tmp_path: Path) -> None:
    folder = guide_pack(tmp_path)
    assert ignored(folder) == []
    (folder / "CHECKSUMS").touch()
    (folder / "notes.md").touch()
    (folder / "signals" / "era.toml.bak").touch()
    (folder / "drafts").mkdir()
    assert ignored(folder) == ["drafts/", "notes.md", "signals/era.toml.bak"]


def test_meant_pack_prefers_packaged_packs_to_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert meant_pack("harbour") == "harbour", "neither is there: the error is about the name"
    for name in ("harbour", "dixie"):
        (tmp_path / name).mkdir()
    assert meant_pack("harbour") == Path("harbour")
    assert meant_pack("dixie") == "dixie"
    assert meant_pack("./dixie") == Path("./dixie")
    assert meant_pack(Path("dixie")) == Path("dixie")
