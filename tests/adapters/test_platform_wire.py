"""Money, usage and JSON as platforms write them."""

from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.platform_wire import Unreadable, arguments, count, decode, encode, micro_usd, plain, read_usage, text
from app.dialogue import Usage
from app.errors import PlatformRefused


@pytest.mark.parametrize(
    ("written", "micro"),
    [
        ("0", 0),
        ("0.0", 0),
        ("-0.0", 0),
        ("1", 1_000_000),
        ("0.000001", 1),
        ("0.0000000001", 1),
        ("1e-400", 1),
        ("1e-999999999", 1),
        ("0.0012345", 1235),
        ("0.001234", 1234),
        # In binary fractions these come out one too high or too low.
        ("0.0000019999999999999999999999999999999999", 2),
        ("0.1", 100_000),
        ("0.29", 290_000),
        ("1.1", 1_100_000),
        ("4.35", 4_350_000),
        ("0.000007", 7),
        ("1.000000000000000000000000000000000001", 1_000_001),
        ("2.5E-3", 2500),
        ("10000", 10_000_000_000),
        ('"0.0012"', 1200),
        ("10000.0000001", None),
        ("1e999999999", None),
        ("-0.01", None),
        ('"1e3"', None),
        ('"NaN"', None),
        ('"٣"', None),
        ('""', None),
        ("true", None),
        ("null", None),
        ("[1]", None),
    ],
)
def test_micro_usd_is_rounded_up_from_the_decimal_text(written: str, micro: int | None) -> None:
    assert micro_usd(decode(written)) == micro


@given(st.integers(0, 10**14), st.integers(0, 14))
def test_micro_usd_is_exact(digits: int, places: int) -> None:
    value = Fraction(digits, 10**places)
    written = f"{Decimal(digits).scaleb(-places):f}"
    expected = ceil(value * 1_000_000) if value <= 10_000 else None
    assert micro_usd(decode(written)) == expected == micro_usd(written)


@pytest.mark.parametrize(
    ("value", "usage"),
    [
        ('{"promptTokens": 10, "completionTokens": 5, "costUsd": 0.0015}', Usage(10, 5, 1500)),
        ('{"prompt_tokens": 10, "completion_tokens": 5, "cost_usd": 0.0015}', Usage(10, 5, 1500)),
        ('{"prompt_tokens": 10, "completionTokens": 5.0, "cost_usd": "0.0015", "more": 1}', Usage(10, 5, 1500)),
        ('{"promptTokens": 0, "completionTokens": 0, "costUsd": 0}', Usage(0, 0, 0)),
        ('{"promptTokens": 10, "completionTokens": 5, "cost_micro": 1500, "total_cost_micro": "1500"}', None),
        ('{"promptTokens": 10, "completionTokens": 5}', None),
        ('{"promptTokens": -1, "completionTokens": 5, "costUsd": 1}', None),
        ('{"promptTokens": 1.5, "completionTokens": 5, "costUsd": 1}', None),
        ('{"promptTokens": true, "completionTokens": 5, "costUsd": 1}', None),
        ('{"promptTokens": 1e30, "completionTokens": 5, "costUsd": 1}', None),
        ('{"promptTokens": 1, "completionTokens": 5, "costUsd": -1}', None),
        ("null", None),
        ("[]", None),
    ],
)
def test_usage_reads_both_spellings_and_never_a_guess(value: str, usage: Usage | None) -> None:
    assert read_usage(decode(value)) == usage


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"{", b"nul", b"NaN", b"[Infinity]", b"-Infinity", b"\xff", b'{"a":1}x', b"1" * 5000),
        *(b"[" * 100_000, b"1e99999999999999999999"),
    ],
    ids=lambda data: str(data)[:20],
)
def test_decode_what_is_no_json_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(data)


def test_plain_has_floats_and_never_infinities_or_overflows() -> None:
    found = plain(decode('{"a": [1.5, 2, {"b": 1e3}], "c": null}'))
    assert found == {"a": [1.5, 2, {"b": 1000.0}], "c": None}
    assert type(found["a"][0]) is float and type(found["a"][1]) is int
    for bad in ("1e999", "[" * 700 + "]" * 700):
        with pytest.raises(Unreadable):
            plain(decode(bad))


@pytest.mark.parametrize(
    ("value", "found"),
    [(None, {}), ("", {}), ("null", {}), ("{}", {}), ({"a": Decimal("1.5")}, {"a": 1.5}), ('{"a": 1.5}', {"a": 1.5})],
)
def test_arguments_come_as_objects_or_as_their_text(value: Any, found: dict[str, Any]) -> None:
    assert arguments(value) == found


@pytest.mark.parametrize("value", ["{", "[]", [], 1, [None]])
def test_arguments_of_another_kind_are_unreadable(value: Any) -> None:
    with pytest.raises(Unreadable):
        arguments(value)


def test_text_loses_half_surrogate_pairs_and_nothing_else() -> None:
    assert text(decode(b'"a\\ud83d\\ude00b"'), "x") == "a\N{GRINNING FACE}b"
    text(decode(b'"a\\ud83d b"'), "x").encode()
    with pytest.raises(Unreadable):
        text(None, "x")


def test_count_is_whole_and_not_negative() -> None:
    assert [count(value) for value in (3, Decimal("3.0"), Decimal("3.5"), -1, True, "3", None)] == [
        *(3, 3, None, None, None, None, None)
    ]


def test_encode_is_compact_utf8() -> None:
    assert encode({"a": "é", "b": [1]}) == '{"a":"é","b":[1]}'.encode()


@pytest.mark.parametrize("value", [float("nan"), "\ud800", {1, 2}, b"x"])
def test_encode_what_json_cannot_say_is_refused(value: Any) -> None:
    with pytest.raises(PlatformRefused):
        encode({"a": value})
