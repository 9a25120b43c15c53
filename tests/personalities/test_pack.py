"""Loading refuses every broken pack with one message that names the file."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import personalities
from personalities import DIALS, PackError, beauvoir, birth, load_pack, packed, unpacked
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


def both(first: Callable[[Path], None], second: Callable[[Path], None]) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        first(folder)
        second(folder)

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


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            remove("slots/humour.toml"),
            r"^slots/humour\.toml: the file is missing; write it, or include it in pack\.toml$",
        ),
        (
            replace("words.toml", "plain_use = [", "plain_uses = ["),
            r"^signals/rarity\.toml: .* did you mean plain_uses",
        ),
        (remove("CHECKSUMS"), "^copy: CHECKSUMS cannot be read: there is none"),
        (append("CHECKSUMS", "hello, world\n"), r"CHECKSUMS: line 28 is not a SHA-256 and a file name: 'hello, world'"),
        (append("CHECKSUMS", f"{'0' * 64}  slots/x.toml\n"), r"match slots/x\.toml \(in it, but not in the pack\)"),
        (
            replace("CHECKSUMS", "dials.toml", "dails.toml"),
            r"match dials\.toml \(not in it\); dails\.toml \(in it, but",
        ),
        (
            append("rules.toml", 'labels = ["era"]\n'),
            r"does not match rules\.toml \(not in it\); nothing else is wrong",
        ),
    ],
)
def test_load_pack_unsigned_edit_names_the_real_fault_first(
    folder: Path, change: Callable[[Path], None], problem: str
) -> None:
    assert len((folder / "CHECKSUMS").read_text(encoding="utf-8").splitlines()) == 27
    sign(folder)
    change(folder)
    with pytest.raises(PackError, match=problem):
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
        (
            replace("slots/humour.toml", "say = [", "sing = ["),
            r"'[^']+' lacks sing, which '[^']+' has; '[^']+' lacks say, which '[^']+' has",
        ),
        (replace("slots/humour.toml", 'label = "understatement"', 'label = "puns, sparingly"'), "the same label"),
        (replace("slots/craft.toml", 'paired = ["ask", "say"]', 'paired = ["ask", "noun"]'), "as many lines in each"),
        (
            replace("signals/rarity.toml", "weight = 8000", "weight = 0"),
            r"signals/rarity\.toml: the weight of 'Everyday' is 0; it must be an integer above zero",
        ),
        (
            replace("signals/rarity.toml", "weight = 1500", "weight = 15.5"),
            r"option 'Seldom': weight: 15\.5 is a float",
        ),
        (replace("signals/rarity.toml", "weight = 1500", "wieght = 1500"), "Seldom: 'wieght' .* did you mean weight"),
        (
            replace("signals/rarity.toml", 'label = "Seldom"', 'lable = "Seldom"'),
            "option 2: label is missing; you wrote",
        ),
        (replace("signals/rarity.toml", 'title = "Rarity"', ""), "title is missing"),
        (
            replace("signals/rarity.toml", 'title = "Rarity"', 'title = "Rarity"\ntotal = 9000'),
            r"the weights of 4 \[\[option\]\] add up to 10000, which is 1000 too many for total = 9000$",
        ),
        (
            both(
                replace("signals/rarity.toml", "weight = 1500\n", ""),
                replace("signals/rarity.toml", 'title = "Rarity"', 'title = "Rarity"\ntotal = 10000'),
            ),
            "add up to 8501, which is 1499 too few for total = 10000; 1 of them have no weight and count as 1 each",
        ),
        (
            replace("signals/era.toml", 'title = "Era"', 'title = "Warmth"'),
            r"signals/era\.toml: the title 'Warmth' is already that of another attribute: of a dial",
        ),
        (
            replace("signals/era.toml", 'title = "Era"', 'title = "LINEAGE"'),
            r"signals/era\.toml: the title 'LINEAGE' is already .*: of signals/lineage\.toml",
        ),
        (replace("dials.toml", "[Tempo]", "[Speed]"), r"dials\.toml: 'Speed' is not a key here"),
        (replace("dials.toml", "edges = [1702, ", "edges = ["), "edges must be 17 integers; there are 16"),
        (
            replace("dials.toml", "1702, 6809", "6809, 1702"),
            "edges must rise by 4 or more; number 2 is 1702, after 6809",
        ),
        (replace("dials.toml", "63834]", "65537]"), "Warmth: edges must .* from 0 to 65536; number 17 is 65537"),
        (replace("names.toml", '"Ysolde"', '"Ysolda", "Ysolde"'), "less than two edits apart"),
        (
            replace("words.toml", "plain_use = [", "plainest_use = ["),
            r"signals/rarity\.toml: .*\{plain_use\} is nothing in this pack.*; did you mean plainest_use\?",
        ),
        (append("words.toml", 'spin = ["{turn}"]\nturn = ["{spin}"]\n'), "leads back to itself"),
        (append("words.toml", 'humour = ["x"]\n'), "already the name of a slot"),
        (append("words.toml", 'twice = ["x", "x"]\n'), "holds 'x' twice"),
        (append("words.toml", 'shout = ["<b>"]\n'), "has a meaning in Markdown"),
        (
            replace("document.toml", "{value.dont}", "{value.don}"),
            r"^document\.toml: Behavioural guidelines: \{value\.don\}: value has no such facet; slots/value\.toml has "
            r"dont, label, line; did you mean dont\?$",
        ),
        (replace("document.toml", "{value.dont}", "{value}"), r"value needs a facet, as in \{value\.label\}"),
        (
            replace("document.toml", "{value.dont}", "{valeu.dont}"),
            r"its slots and signals are .*; did you mean value\?",
        ),
        (replace("document.toml", "{Candor.line}", "{Candor.song}"), "its word and its line only"),
        (replace("document.toml", 'heading = "Expertise"', 'heading = "Skills"'), "the sections must be"),
        (
            replace("document.toml", 'from = ["work"]', 'from = ["play"]'),
            "there is no exchange 'play'; there are .*work",
        ),
        (replace("document.toml", "[[section.block]]", "[[block]]"), r"did you mean \[\[section\.block\]\]\?"),
        (replace("document.toml", 'id = "sorrow"', ""), "exchange 2: id is missing"),
        (replace("document.toml", 'kind = "facts"', 'kind = "chart"'), "block 2: kind must be one of"),
        (replace("words.toml", "You are no legend.", "On and on. " * 300 + "Still."), "a document could have"),
        (append("signals/extra.toml", 'title = "X"\n'), "not part of the pack"),
        (
            lambda folder: (folder / "slots" / "humour.toml").rename(folder / "slots" / "humor.toml"),
            r"slots/humor\.toml: this file is not part of .*; did you mean slots/humour\.toml\?",
        ),
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


def test_load_pack_names_every_missing_file_and_facet_at_once(folder: Path) -> None:
    remove("slots/humour.toml")(folder)
    remove("names.toml")(folder)
    with pytest.raises(PackError) as missing:
        load_pack(folder)
    assert [problem.partition(":")[0] for problem in missing.value.problems] == ["names.toml", "slots/humour.toml"]


def test_load_pack_names_every_facet_that_no_slot_has_at_once(folder: Path) -> None:
    options = "".join(f'\n[[option]]\nlabel = "no {_letters(at)}"\nline = ["X {at}."]\n' for at in range(16))
    (folder / "slots" / "craft.toml").write_text(f'title = "Trade"\n{options}', encoding="utf-8")
    with pytest.raises(PackError) as missing:
        load_pack(folder)
    problems = missing.value.problems
    for facet in ("ask", "dont", "noun", "say"):
        assert any(
            f"{{craft.{facet}}}: craft has no such facet; slots/craft.toml has label, line" in p for p in problems
        )
    # One for each file and facet: the many places of words.toml are one problem.
    assert len([problem for problem in problems if "words.toml" in problem.split(":")[0]]) == 1
    assert str(missing.value) == "\n".join(problems)


def test_load_pack_total_that_is_right_changes_no_birth(folder: Path) -> None:
    replace("signals/rarity.toml", 'title = "Rarity"', 'title = "Rarity"\ntotal = 10000')(folder)
    sign(folder)
    pack, old = load_pack(folder), load_pack("dixie")
    assert pack.hash != old.hash, "a hash covers every key of every file"
    assert pack.signals == old.signals


def test_load_pack_folder_with_the_look_of_a_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    sign(folder)
    assert load_pack("copy").hash == load_pack(folder).hash
    assert unpacked(packed("copy")) == load_pack(folder)
    folder.rename(folder.parent / "mibera")
    assert load_pack("dixie").name == "dixie", "a packaged pack is what its name means, whatever lies about"


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
