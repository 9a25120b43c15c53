"""Canonical JSON: the vectors of RFC 8785 that have no floats, NFC on top, and everything that is refused."""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.errors import Invalid
from app.provenance.canonical import canonical_json

SAFE = st.integers(-(2**53) + 1, 2**53 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | SAFE | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def test_canonical_json_sorting_vector_of_the_rfc_sorts_by_utf16_units() -> None:
    # RFC 8785 section 3.2.3, without U+FB33, which NFC rewrites (below).
    given_ = json.loads(
        '{"\\u20ac": "Euro Sign", "\\r": "Carriage Return", "1": "One", "\\ud83d\\ude00": "Emoji: Grinning Face",'
        ' "\\u0080": "Control", "\\u00f6": "Latin Small Letter O With Diaeresis"}'
    )
    assert list(json.loads(canonical_json(given_)).values()) == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
    ]


def test_canonical_json_key_order_is_utf16_and_not_code_points() -> None:
    # U+1F600 is 0xD83D 0xDE00 in UTF-16, below U+FF5E, though its code point is higher.
    assert canonical_json({"\uff5e": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\uff5e":1}'.encode()


def test_canonical_json_string_and_literal_vectors_of_the_rfc() -> None:
    # RFC 8785 sections 3.2.2 and 3.2.4: the example's string and literals, byte for byte.
    string = json.loads('"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/"')
    assert canonical_json(string).hex(" ") == (
        "22 e2 82 ac 24 5c 75 30 30 30 66 5c 6e 41 27 42 5c 22 5c 5c 5c 5c 5c 22 2f 22"
    )
    assert canonical_json({"literals": [None, True, False]}) == b'{"literals":[null,true,false]}'


def test_canonical_json_strings_and_keys_are_nfc() -> None:
    assert canonical_json({"e\u0301": "A\u030a \ufb33"}) == '{"\u00e9":"\u00c5 \u05d3\u05bc"}'.encode()


def test_canonical_json_keys_equal_after_nfc_are_refused() -> None:
    with pytest.raises(Invalid, match="Two keys"):
        canonical_json({"a": [{"\u00e9": 1, "e\u0301": 2}]})


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        0.0,
        float("nan"),
        float("inf"),
        2**53,
        -(2**53),
        {1: "a"},
        {None: 1},
        b"x",
        bytearray(b"x"),
        {1, 2},
        object(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_canonical_json_value_without_a_form_is_refused_at_any_depth(value: Any) -> None:
    for nested in (value, [value], {"a": {"b": (value,)}}):
        with pytest.raises(Invalid):
            canonical_json(nested)


def test_canonical_json_memory_views_are_not_taken_for_lists() -> None:
    with pytest.raises(Invalid):
        canonical_json({"bytes": memoryview(b"abc")})


@pytest.mark.parametrize("value", ["\ud800", {"\udfff": 1}])
def test_canonical_json_lone_surrogates_are_refused(value: Any) -> None:
    with pytest.raises(Invalid):
        canonical_json(value)


def test_canonical_json_widest_integers_are_exact() -> None:
    assert canonical_json([2**53 - 1, -(2**53) + 1, 0, -1]) == b"[9007199254740991,-9007199254740991,0,-1]"


def _normal(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        return {_normal(key): _normal(member) for key, member in value.items()}
    return [_normal(member) for member in value] if isinstance(value, list) else value


@given(VALUES)
def test_canonical_json_any_value_reads_back_as_its_nfc_and_is_stable(value: Any) -> None:
    try:
        once = canonical_json(value)
    except Invalid:
        assume(False)  # two keys that are one under NFC
    assert json.loads(once) == _normal(value)
    assert canonical_json(json.loads(once)) == once


@given(st.dictionaries(st.text("abcé€\U0001f600", max_size=3), SAFE, max_size=6), st.randoms())
def test_canonical_json_order_of_insertion_changes_nothing(value: dict[str, int], chance: Any) -> None:
    keys = list(value)
    chance.shuffle(keys)
    assert canonical_json({key: value[key] for key in keys}) == canonical_json(value)
