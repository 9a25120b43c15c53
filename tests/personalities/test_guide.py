"""The authoring guide is true: its pack works, its tables name what exists."""

from collections import Counter
from pathlib import Path

import pytest

from personalities import beauvoir, birth, load_pack, validate_document
from personalities.loading import CHECKSUMS, checksums
from personalities.rules import rules
from personalities.rules.catalog import traditions, word_fields
from tests.personalities.authoring import GUIDE, guide_pack

SUPPLY = 16


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = guide_pack(tmp_path)
    (folder / CHECKSUMS).write_text(checksums(folder), encoding="utf-8")
    return folder


def test_guide_pack_is_born_written_and_valid(folder: Path) -> None:
    pack = load_pack(folder)
    tokens = [birth(bytes(32), SUPPLY, token, pack) for token in range(SUPPLY)]
    for p in tokens:
        assert validate_document(beauvoir(p, pack), p, pack) == []
        year = int(str(p.signal("Launched"))[:4])
        assert p.signal("Era") == ("The Sail" if year < 1870 else "The Funnel")
        assert p.signal("Element") == {"The Sail": "Wind", "The Funnel": "Steam"}[str(p.signal("Era"))]
    assert Counter(p.signal("Era") for p in tokens) == {"The Sail": 12, "The Funnel": 4}
    assert all(isinstance(p.signal("Tonnage"), int) for p in tokens)
    assert len({p.name for p in tokens}) == SUPPLY
    assert "e-mail" not in beauvoir(tokens[0], pack)


def test_guide_pack_changes_with_what_it_includes(folder: Path) -> None:
    listed = (folder / CHECKSUMS).read_text(encoding="utf-8")
    assert " words.toml" in listed and " slots/craft.toml" in listed
    assert load_pack(folder).hash != load_pack("dixie").hash


def test_guide_names_every_rule_field_and_tradition() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    for name in (*word_fields(), *traditions()):
        assert f"`{name}`" in guide, name
    for each in rules():
        family, _, number = each.id.partition("-")
        assert each.id in guide or f"{family}-1 … {family}-" in guide, (each.id, number)
