"""Signals that are numbers, dates, or read off another signal; and what is refused of them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from personalities import PackError, beauvoir, birth, load_pack
from personalities.loading import CHECKSUMS, checksums
from tests.personalities.authoring import guide_pack


def write(file: str, text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / file).write_text(text, encoding="utf-8")

    return change


def swap(file: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")

    return change


BY_DAY = """
title = "Era"
from = "launched"
[[option]]
label = "The Sail"
starts = "09-23"
place = ["under sail"]
line = ["You go by the wind."]
[[option]]
label = "The Funnel"
starts = "03-21"
place = ["under smoke"]
line = ["You keep engine time."]
"""


def sign_and_load(folder: Path) -> object:
    (folder / CHECKSUMS).write_text(checksums(folder), encoding="utf-8")
    return load_pack(folder)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (swap("pack.toml", '"launched", "era"', '"era", "launched"'), "there is no signal 'launched' before this one"),
        (swap("signals/era.toml", 'from = "launched"', 'from = "era"'), "there is no signal 'era' before this one"),
        (swap("signals/era.toml", "last = 1989", "last = 1960"), "no option says what 1961 of launched becomes"),
        (swap("signals/era.toml", "first = 1870", "first = 1880"), "no option says what 1870 of launched becomes"),
        (swap("signals/era.toml", "first = 1870", "first = 1860"), "two options hold 1860"),
        (swap("signals/era.toml", "first = 1870\n", ""), "first must be an integer"),
        (swap("signals/era.toml", "first = 1870", 'of = ["x"]\nfirst = 1870'), "cannot have the key 'of' here"),
        (swap("signals/element.toml", '"The Funnel"', '"The Sail"'), "'The Sail' belongs to two options"),
        (swap("signals/element.toml", '"The Funnel"', '"The Oar"'), "'The Oar' is no option of era"),
        (swap("signals/element.toml", 'of = ["The Funnel"]', "weight = 2"), "cannot have the key 'weight' here"),
        (swap("signals/tonnage.toml", "first = 100\n", "first = 99\n"), "1..99 and 99..4000 overlap"),
        (swap("signals/tonnage.toml", "first = 1\n", "first = 0\n"), "0 cannot be a value"),
        (swap("signals/tonnage.toml", "first = 1\n", "first = 200\n"), "first and last must rise"),
        (swap("signals/tonnage.toml", "weight = 9", "weight = -9"), "integer above zero"),
        (swap("signals/tonnage.toml", "weight = 9", "wieght = 9"), "'wieght' is not a key here"),
        (swap("signals/launched.toml", "first = 1620", "first = -200000"), "from -99999 to 9999 at most"),
        (swap("signals/era.toml", "first = 1870\n", 'starts = "03-21"\n'), "cannot have the key 'first' here"),
        (write("signals/era.toml", BY_DAY.replace("03-21", "13-01")), "'13-01' is not a day of the year"),
        (write("signals/era.toml", BY_DAY.replace("03-21", "09-23")), "two options start on the same day"),
        (write("signals/tonnage.toml", 'title = "Tonnage"\n'), r"at least one \[\[option\]\]"),
        (swap("signals/tonnage.toml", 'title = "Tonnage"', 'title = "<b>"'), "has a meaning in Markdown"),
        (swap("signals/rarity.toml", "{plain_use}", "{tonnage.line}"), "tonnage has no such facet"),
    ],
)
def test_load_pack_bad_signal_is_refused(tmp_path: Path, change: Callable[[Path], None], problem: str) -> None:
    folder = guide_pack(tmp_path)
    change(folder)
    with pytest.raises(PackError, match=problem):
        sign_and_load(folder)


def test_number_and_date_can_be_named_in_a_line(tmp_path: Path) -> None:
    folder = guide_pack(tmp_path)
    swap("signals/rarity.toml", "{plain_fate} {plain_use}", "{tonnage.label} tons, {launched.label}, no more.")(folder)
    swap("signals/rarity.toml", "weight = 1\n", "weight = 1000000\n")(folder)
    swap("signals/rarity.toml", "Pilots lower their voices when they mention you.", "{tonnage.label} tons.")(folder)
    sign_and_load(folder)
    pack = load_pack(folder)
    texts = [(p, beauvoir(p, pack)) for p in (birth(bytes(32), 16, token, pack) for token in range(16))]
    assert any(f"{p.signal('Tonnage')} tons." in text for p, text in texts)


def test_dates_before_our_era_are_written_with_a_sign(tmp_path: Path) -> None:
    folder = guide_pack(tmp_path)
    swap("signals/launched.toml", "first = 1620\nlast = 1869", "first = -500\nlast = -500")(folder)
    swap("signals/launched.toml", "first = 1870\nlast = 1989", "first = 33\nlast = 33")(folder)
    swap("signals/era.toml", "first = 1620\nlast = 1869", "first = -500\nlast = 0")(folder)
    swap("signals/era.toml", "first = 1870\nlast = 1989", "first = 1\nlast = 99")(folder)
    sign_and_load(folder)
    pack = load_pack(folder)
    dates = {str(birth(bytes(32), 16, token, pack).signal("Launched"))[:5] for token in range(16)}
    assert dates == {"-500-", "0033-"}


def test_option_read_off_the_day_holds_until_the_next_one_starts(tmp_path: Path) -> None:
    folder = guide_pack(tmp_path)
    write("signals/era.toml", BY_DAY)(folder)
    sign_and_load(folder)
    pack = load_pack(folder)
    births = [birth(bytes([seed] * 32), 16, token, pack) for seed in range(8) for token in range(16)]
    assert {p.signal("Era") for p in births} == {"The Funnel", "The Sail"}
    for p in births:
        summery = "03-21" <= str(p.signal("Launched"))[5:] < "09-23"
        assert p.signal("Era") == ("The Funnel" if summery else "The Sail")


def test_option_of_a_number_is_its_text() -> None:
    score = next(signal for signal in load_pack("mibera").signals if signal.id == "swag_score")
    assert score.option("64").label == "64"
    assert score.options == ()
