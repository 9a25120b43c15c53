"""The single pieces that the authoring guide shows are true too: they work in a pack, and its tables are complete."""

import re
import tomllib
from typing import Any

import pytest
from typer.testing import CliRunner

from personalities import schema
from personalities.demands import demands
from personalities.pack import Pack
from personalities.reading import contents, packaged
from renderers.placeholder import compose
from scripts.dnft import app
from tests.personalities.authoring import GUIDE

TEXT = GUIDE.read_text(encoding="utf-8")
_COLOURS = ("10202c", "d8c9a3")


def shown(heading: str) -> dict[str, Any]:
    """The one piece of TOML below a heading."""
    part = re.split(rf"^#+ {heading}$", TEXT, flags=re.M)[1]
    return tomllib.loads(re.split(r"^#+ ", part, flags=re.M)[0].split("```toml\n")[1].split("```")[0])


def dixie_with(changes: dict[str, dict[str, Any]]) -> Pack:
    return schema.build({**contents(packaged("dixie")), **changes}, "0" * 64)


def test_slot_of_the_guide_is_an_option_like_the_others() -> None:
    slot = contents(packaged("dixie"))["slots/keepsake.toml"]
    option = shown("A slot")["option"][0]
    pack = dixie_with({"slots/keepsake.toml": {**slot, "option": [option, *slot["option"][1:]]}})
    assert next(slot for slot in pack.slots if slot.id == "keepsake").options[0].label == "a brass whistle"


def test_dial_of_the_guide_is_read() -> None:
    pack = dixie_with({"dials.toml": {**contents(packaged("dixie"))["dials.toml"], **shown("A dial")}})
    assert pack.dial_lines["Warmth"][0] == (("You wave from the far quay.",),)


def test_words_of_the_guide_are_read() -> None:
    pack = dixie_with({"words.toml": {**contents(packaged("dixie"))["words.toml"], **shown("Words")}})
    assert len(pack.banks["mooring"]) == 2


def test_document_of_the_guide_is_read_with_every_kind_of_block() -> None:
    document, piece = contents(packaged("dixie"))["document.toml"], shown("The document")
    own = {section["heading"]: section for section in piece["section"]}
    sections = [own.get(section["heading"], section) for section in document["section"]]
    pack = dixie_with({"document.toml": {**document, "section": sections, "exchange": piece["exchange"]}})
    kinds = {block.kind for heading in own for block in pack.sections[heading]}
    assert kinds == {"paragraph", "list", "exchanges", "facts"}
    assert set(pack.exchanges) == {"work", "sorrow"}
    used = {key for section in own.values() for block in section["block"] for key in block}
    assert used == {"kind", "parts", "from", "take", "shuffle", "lead"}
    assert all(f"| `{key}` |" in TEXT for key in used)


def test_weights_of_the_guide_add_up() -> None:
    pack = dixie_with({"signals/rarity.toml": shown("Signals")})
    rarity = next(signal for signal in pack.signals if signal.id == "rarity")
    assert rarity.weights == (995, 5)


def test_guide_lists_every_facet_that_dixies_words_and_document_ask_for() -> None:
    asked: dict[str, set[str]] = {}
    for each in demands(contents(packaged("dixie"))):
        if {"words.toml", "document.toml"} & set(each.by):
            asked.setdefault(each.id, set()).add(each.facet)
    part = TEXT.split("## What included files ask for")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([a-z_]+)` \| ([^|]+) \|", part, re.M)
    assert {key: set(re.findall(r"`([a-z]+)`", facets)) for key, facets in rows} == asked


@pytest.mark.parametrize(("motif", "known"), [("lamp", True), ("shutter", True), ("star", True), ("anchor", False)])
def test_motifs_of_the_guide_are_those_with_a_picture(motif: str, known: bool) -> None:
    assert (compose(motif, _COLOURS) != compose("", _COLOURS)) == known
    assert (f"`{motif}`" in TEXT) == known


def test_every_command_of_the_guide_is_one() -> None:
    commands = set(re.findall(r"dnft ((?:pack|personality) [a-z]+|deploy)", TEXT))
    assert {"pack copy", "pack facets", "pack check", "pack sign", "pack keep", "personality evaluate"} <= commands
    for name in commands:
        assert CliRunner().invoke(app, [*name.split(), "--help"]).exit_code == 0, name
