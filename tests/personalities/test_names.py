"""Name spaces: one-to-one, and two edits apart by construction."""

from itertools import combinations

import pytest

from personalities import PackError, load_pack
from personalities.names import name_space

BANKS = {"given": ["Anna", "Boris", "Clemency"], "a": ["Low", "High"], "b": ["Tide", "Stair"], "c": ["mere", "stow"]}
FORMS = ["{given} of the {a} {b}", "{given} {b}{c}"]


def edits(left: str, right: str) -> int:
    """Levenshtein distance, by the book."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]


def test_name_space_all_names_are_two_edits_apart() -> None:
    space = name_space(FORMS, BANKS, "here")
    assert space.size == 24
    names = [space.name(b"key", token, 6) for token in range(6)]
    every = [form.write(index) for form in space.forms for index in range(form.size)]
    assert len(set(every)) == 24
    assert set(names) <= set(every)
    assert min(edits(left.lower(), right.lower()) for left, right in combinations(every, 2)) >= 2


def test_name_space_too_small_for_the_supply_is_refused() -> None:
    with pytest.raises(PackError, match="fewer than 4"):
        name_space(FORMS, BANKS, "here").name(b"", 0, 7)


@pytest.mark.parametrize(
    ("forms", "banks", "problem"),
    [
        (["{given}"], {"given": ["Anna", "Anne"]}, "less than two edits"),
        (["{given}"], {"given": ["Anna", "Annas"]}, "less than two edits"),
        (["{given}"], {"given": ["Anna", "anna"]}, "less than two edits"),
        (["{given}"], {"given": ["An na"]}, "not one word"),
        (["{given}"], {"given": ["Ann4"]}, "not one word"),
        (["{given} {other}"], {"given": ["Anna"]}, "unknown one: other"),
        (["{given} {a}", "{given} {b}"], BANKS, "differ by two or more spaces"),
        (
            ["{given} {a}{c}"],
            {"given": ["Anna"], "a": ["Salt", "Salting"], "c": ["ingham", "ham"]},
            "less than two edits",
        ),
    ],
)
def test_name_space_close_words_are_refused(forms: list[str], banks: dict[str, list[str]], problem: str) -> None:
    with pytest.raises(PackError, match=problem):
        name_space(forms, banks, "here")


def test_name_space_of_dixie_suffices_for_the_largest_supply() -> None:
    space = load_pack("dixie").names
    assert space.size >= 4 << 20
    assert space.name(bytes(32), (1 << 20) - 1, 1 << 20)


def test_name_space_of_dixie_sample_is_two_edits_apart() -> None:
    names = [load_pack("dixie").names.name(bytes(32), token, 90).lower() for token in range(90)]
    assert min(edits(left, right) for left, right in combinations(names, 2)) >= 2
