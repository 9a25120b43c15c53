"""Loading refuses every broken pack with one message that names the file."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import personalities
from personalities import DIALS, PackError, beauvoir, birth, load_pack
from personalities.bounds import longest_document
from personalities.loading import checksums
from personalities.pack import MAX_DOCUMENT_BYTES

PACKAGED = Path(personalities.__file__).parent / "packs" / "dixie"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "copy"
    shutil.copytree(PACKAGED, copy)
    return copy


def sign(folder: Path) -> None:
    (folder / "CHECKSUMS").write_text(checksums(folder), encoding="utf-8")


def sign_and_load(folder: Path) -> None:
    sign(folder)
    load_pack(folder)


def replace(file: str, old: str, new: str, count: int = 1) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, count), encoding="utf-8")

    return change


def remove(file: str) -> Callable[[Path], None]:
    return lambda folder: (folder / file).unlink()


def append(file: str, text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with (folder / file).open("a", encoding="utf-8") as handle:
            handle.write(text)

    return change


def _chain(length: int) -> str:
    """Banks that lead on to each other, the last first, so that no order of checking makes it look short."""
    links = [f'step_{_letters(at)} = ["{{step_{_letters(at + 1)}}}"]\n' for at in range(length)]
    return "".join(reversed(links)) + f'step_{_letters(length)} = ["end"]\nplain_used = ["{{step_{_letters(0)}}}"]\n'


def _multiplied(times: int) -> str:
    """Banks each of which holds the next one four times."""
    banks = [f'copy_{_letters(at)} = ["{" ".join([f"{{copy_{_letters(at + 1)}}}"] * 4)}"]\n' for at in range(times - 1)]
    return "".join(banks) + f'copy_{_letters(times - 1)} = ["and so on"]\n'


def _letters(number: int) -> str:
    return chr(97 + number // 26) + chr(97 + number % 26)


def test_load_pack_by_name_and_by_path_are_the_same_pack(folder: Path) -> None:
    assert load_pack("dixie").id == "dixie@1.0.0"
    assert load_pack(folder).hash == load_pack("dixie").hash == load_pack(str(folder)).hash


def test_load_pack_line_ends_and_comments_do_not_change_the_hash(folder: Path) -> None:
    words = folder / "words.toml"
    words.write_bytes(b"# another comment\r\n" + words.read_bytes().replace(b"\n", b"\r\n"))
    assert load_pack(folder).hash == load_pack("dixie").hash


def test_load_pack_changed_word_changes_the_hash(folder: Path) -> None:
    replace("words.toml", "You are no legend.", "You are not a legend.")(folder)
    sign(folder)
    assert load_pack(folder).hash != load_pack("dixie").hash


def test_load_pack_edited_without_new_checksums_is_refused(folder: Path) -> None:
    replace("words.toml", "You are no legend.", "You are not a legend.")(folder)
    with pytest.raises(PackError, match=r"CHECKSUMS does not match words\.toml"):
        load_pack(folder)


def test_load_pack_without_checksums_is_refused(folder: Path) -> None:
    (folder / "CHECKSUMS").unlink()
    with pytest.raises(PackError, match="CHECKSUMS cannot be read"):
        load_pack(folder)


@pytest.mark.parametrize("name", ["no-such-pack", "/no/such/folder"])
def test_load_pack_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(PackError, match="there is no pack"):
        load_pack(name)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (remove("names.toml"), r"names\.toml: the file is missing"),
        (remove("slots/humour.toml"), r"slots/humour\.toml: the file is missing"),
        (append("slots/humour.toml", 'x = "\n'), r"slots/humour\.toml: not readable TOML"),
        (append("pack.toml", "x = 1.5\n"), r"pack\.toml: x: 1\.5 is a float"),
        (append("pack.toml", 'x = "e\u0301"\n'), "not in Unicode normal form"),
        (replace("pack.toml", '"1.0.0"', '"1.0"'), "version of three numbers"),
        (replace("pack.toml", '"metaphor", ', ""), "15 slots; there are 16"),
        (
            append("slots/humour.toml", '\n[[option]]\nlabel = "x"\nline = ["X."]\nsay = ["X."]\n'),
            "17 options; there are 16",
        ),
        (replace("slots/humour.toml", "say = [", "sing = ["), "differ in facets"),
        (replace("slots/humour.toml", 'label = "understatement"', 'label = "puns, sparingly"'), "the same label"),
        (replace("slots/craft.toml", 'paired = ["ask", "say"]', 'paired = ["ask", "noun"]'), "as many lines in each"),
        (replace("signals/rarity.toml", "weight = 8000", "weight = 0"), "integer above zero"),
        (replace("signals/era.toml", 'title = "Era"', 'title = "Warmth"'), "already that of another attribute"),
        (replace("dials.toml", "[Tempo]", "[Speed]"), r"dials\.toml: 'Speed' is not a key here"),
        (replace("dials.toml", "edges = [1702, ", "edges = ["), "edges must be 17 integers"),
        (replace("dials.toml", "1702, 6809", "6809, 1702"), "edges must rise"),
        (replace("names.toml", '"Ysolde"', '"Ysolda", "Ysolde"'), "less than two edits apart"),
        (replace("words.toml", "plain_use = [", "plainest_use = ["), r"\{plain_use\} is nothing in this pack"),
        (append("words.toml", 'spin = ["{turn}"]\nturn = ["{spin}"]\n'), "leads back to itself"),
        (append("words.toml", 'humour = ["x"]\n'), "already the name of a slot"),
        (append("words.toml", 'twice = ["x", "x"]\n'), "holds 'x' twice"),
        (append("words.toml", 'shout = ["<b>"]\n'), "has a meaning in Markdown"),
        (replace("document.toml", "{value.dont}", "{value.never}"), "value has no such facet"),
        (replace("document.toml", "{Candor.line}", "{Candor.song}"), "its word and its line only"),
        (replace("document.toml", 'heading = "Expertise"', 'heading = "Skills"'), "the sections must be"),
        (replace("document.toml", 'from = ["work"]', 'from = ["play"]'), "there is no exchange 'play'"),
        (replace("document.toml", 'kind = "facts"', 'kind = "chart"'), "kind must be one of"),
        (replace("words.toml", "You are no legend.", "On and on. " * 300 + "Still."), "a document could have"),
        (append("signals/extra.toml", 'title = "X"\n'), "not part of the pack"),
        (append("pack.toml", 'licence = "free"\n'), r"pack\.toml: 'licence' is not a key here"),
        (append("slots/humour.toml", "\nweight = 3\n"), "cannot have the key 'weight' here"),
        (
            append("document.toml", '\n[[exchange]]\nid = "work"\nask = "x"\nreply = ["y"]\n'),
            "two exchanges have the id",
        ),
        (append("words.toml", _chain(40)), "more than 12 references"),
        (
            replace("words.toml", "plain_fate = [", _multiplied(8) + 'plain_fate = [\n  "{copy_aa}",'),
            "a document could have",
        ),
        (
            append("signals/rarity.toml", '\n[[option]]\nlabel = "everyday"\nline = ["x"]\n'),
            "two options have the same label",
        ),
        (replace("signals/rarity.toml", "weight = 8000", "weight = 8000000000"), "at most 1000000"),
        (replace("placeholder.toml", "Unlit Lamp {number}", "Unlit Lamp"), "name must hold {number} once"),
        (replace("placeholder.toml", "Until then", "{craft.noun}. Until then"), "plain text; it knows {number} only"),
        (replace("placeholder.toml", "1d2230", "1D2230"), "six lower-case hex digits"),
        (append("rules.toml", 'labels = ["mood"]\n'), "there is no signal 'mood'"),
        (
            append("rules.toml", '[era]\nsignal = "era"\n[era.lacks]\n"The Stone Age" = ["screens"]\n'),
            "is no option of era",
        ),
        (
            append("rules.toml", '[era]\nsignal = "era"\n[era.lacks]\n"The Long Thaw" = ["sreens"]\n'),
            "there is no 'sreens'",
        ),
    ],
)
def test_load_pack_broken_content_is_refused(folder: Path, change: Callable[[Path], None], problem: str) -> None:
    change(folder)
    with pytest.raises(PackError, match=problem):
        sign_and_load(folder)


def test_load_pack_with_other_signals_needs_no_code(folder: Path) -> None:
    replace("signals/era.toml", 'title = "Era"', 'title = "Time Period"')(folder)
    replace("pack.toml", 'name = "dixie"', 'name = "other"')(folder)
    replace("pack.toml", "1.0.0", "0.2.10")(folder)
    sign(folder)
    pack = load_pack(folder)
    p = birth(bytes(32), 5, 4, pack)
    assert p.pack == "other@0.2.10"
    assert f"- Time Period: {p.signal('Time Period')}" in beauvoir(p, pack)


@pytest.mark.parametrize("name", ["dixie", "mibera"])
def test_packaged_documents_fit(name: str) -> None:
    assert longest_document(load_pack(name)) <= MAX_DOCUMENT_BYTES


def test_dixie_signals() -> None:
    pack = load_pack("dixie")
    assert [signal.title for signal in pack.signals] == ["Archetype", "Lineage", "Era", "Element", "Rarity"]


@pytest.mark.parametrize("name", ["dixie", "mibera"])
def test_packaged_every_band_of_every_dial_has_its_own_lines(name: str) -> None:
    pack = load_pack(name)
    lines = [line for dial in DIALS for band in pack.dial_lines[dial] for line in band]
    assert len(lines) == len(set(lines))
    assert all(len(band) >= 3 for dial in DIALS for band in pack.dial_lines[dial])


@pytest.mark.parametrize("name", ["dixie", "mibera"])
def test_packaged_no_option_shares_a_line_with_another(name: str) -> None:
    pack = load_pack(name)
    for slot in pack.slots:
        lines = [line for option in slot.options for facet in option.facets.values() for line in facet]
        assert len(lines) == len(set(lines)), slot.id
