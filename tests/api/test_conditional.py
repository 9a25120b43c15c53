"""The decisions about forms, alone: any header at all gives an answer, and the known ones the right one."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.conditional import MAX_HEADER, choose_coding, http_date, matches, parse_http_date, parse_range

ETAGS = ('"aa"', '"aa-br"', '"aa-gzip"')
ANYTHING = st.text(max_size=200) | st.text(alphabet='",;=*qW/ 01.brgzip-bytes', max_size=200)
CODINGS = st.sampled_from(["br", "gzip", "identity", "*", "zstd", "deflate"])
QUALITIES = st.integers(0, 1000)


@given(ANYTHING)
def test_choose_coding_anything_gives_one_of_ours(header: str) -> None:
    assert choose_coding(header) in ("br", "gzip", "identity")


@given(st.dictionaries(CODINGS, QUALITIES, max_size=6))
def test_choose_coding_gives_the_best_quality_and_never_a_refused_one(named: dict[str, int]) -> None:
    header = ", ".join(f"{coding};q={quality / 1000}" for coding, quality in named.items())
    quality = {coding: named.get(coding, named.get("*", 0)) for coding in ("br", "gzip")}
    chosen = choose_coding(header)
    if chosen == "identity":
        assert max(quality.values()) == 0 or max(quality.values()) < named["identity"]
    else:
        assert quality[chosen] > 0
        assert quality[chosen] == max(quality.values()) >= named.get("identity", 0)


@pytest.mark.parametrize(
    ("header", "coding"),
    [("br", "br"), ("gzip, br", "br"), ("gzip;q=1.0, br;q=0.9", "gzip"), ("*;q=0", "identity"),
     ("identity;q=0", "identity"), ("gzip; q=0.5", "gzip"), ("gzip ;q=1", "gzip"), ("Br", "br"),
     ("x-gzip", "identity"),
     ("gzip;q=nan", "identity"), ("gzip;q=-1", "identity"), ("gzip;q=1e9", "identity"),
     ("br" * MAX_HEADER, "identity")],
)  # fmt: skip
def test_choose_coding_known_headers(header: str, coding: str) -> None:
    assert choose_coding(header) == coding


@given(ANYTHING)
def test_matches_anything_gives_ours_or_none(header: str) -> None:
    assert matches(header, ETAGS) in (*ETAGS, None)


@given(
    st.lists(st.sampled_from(['"x"', 'W/"y"', "*", '""', '"aa "']), max_size=5),
    st.sampled_from(ETAGS),
    st.booleans(),
    st.integers(0, 5),
    st.sampled_from([",", ", ", " , "]),
)
def test_matches_finds_ours_wherever_it_stands(
    others: list[str], etag: str, weak: bool, at: int, separator: str
) -> None:
    others.insert(at, f"W/{etag}" if weak else etag)
    assert matches(separator.join(others), ETAGS) == etag


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("*", '"aa"'),
        (" * ", '"aa"'),
        (' "aa" ', '"aa"'),
        ("aa", None),
        ('"a"', None),
        ('w/"aa"', None),
        ('"aa"x', None),
    ],
)
def test_matches_known_headers(header: str, found: str | None) -> None:
    assert matches(header, ETAGS) == found


def test_matches_overlong_is_ignored() -> None:
    assert matches('"x",' * MAX_HEADER + '"aa"', ETAGS) is None


@given(st.integers(0, 4_000_000_000))
def test_http_date_is_parsed_back(seconds: int) -> None:
    assert parse_http_date(http_date(seconds)) == seconds


def test_http_date_has_the_fixed_form() -> None:
    assert http_date(int(datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC).timestamp())) == "Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.mark.parametrize("text", ["Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])
def test_http_date_obsolete_forms_are_read(text: str) -> None:
    assert parse_http_date(text) == 784111777


@given(ANYTHING)
def test_http_date_anything_is_a_number_or_none(text: str) -> None:
    moment = parse_http_date(text)
    assert moment is None or isinstance(moment, int)


@given(st.integers(0, 500), st.integers(0, 500), st.integers(1, 500))
def test_parse_range_gives_what_was_asked_for(first: int, length: int, size: int) -> None:
    last = first + length
    header = f"bytes={first}-{last}"
    if first >= size:
        with pytest.raises(ValueError, match="behind the end"):
            parse_range(header, size)
    else:
        assert parse_range(header, size) == (first, min(last, size - 1))


@given(st.integers(1, 500), st.integers(1, 500))
def test_parse_range_suffix_gives_the_end(length: int, size: int) -> None:
    assert parse_range(f"bytes=-{length}", size) == (max(0, size - length), size - 1)


@given(ANYTHING | st.text(alphabet="0123456789-,", max_size=40).map("bytes={}".format), st.integers(0, 1000))
def test_parse_range_anything_stays_inside(header: str, size: int) -> None:
    with contextlib.suppress(ValueError):
        span = parse_range(header, size)
        assert span is None or 0 <= span[0] <= span[1] < size


@pytest.mark.parametrize("header", ["bytes=0-0", "bytes=-1", "bytes=-0", "bytes=5-"])
def test_parse_range_of_nothing_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(ValueError, match=r"behind|no bytes"):
        parse_range(header, 0)
