"""Which form of a document answers: validators, codings, and what a 304 says."""

import gzip
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import brotli
import httpx
import pytest

from tests.api.conftest import Site

BODIES = ["", "/v/1", "/beauvoir", "/beauvoir.json", "/history", "/diagnose"]
CODED = ["", "/v/1"]
"""Paths whose answers exist in several codings."""
KEPT = ("cache-control", "etag", "last-modified", "access-control-allow-origin", "access-control-expose-headers")


@pytest.fixture(params=BODIES)
def path(request: pytest.FixtureRequest, site: Site) -> str:
    return site.town.path(0, request.param)


@pytest.fixture(params=CODED)
def coded(request: pytest.FixtureRequest, site: Site) -> str:
    return site.town.path(0, request.param)


def raw_body(site: Site, path: str, coding: str) -> tuple[httpx.Response, bytes]:
    """The answer and its body as it came over the wire, not decoded."""
    with site.server.client.stream("GET", site.server.url + path, headers={"accept-encoding": coding}) as answer:
        return answer, b"".join(answer.iter_raw())


# --- If-None-Match


def test_if_none_match_with_the_etag_answers_304_with_the_headers_that_count(site: Site, path: str) -> None:
    whole = site.server.get(path)
    etag = whole.headers["etag"]
    for method in ("GET", "HEAD"):
        answer = site.server.request(method, path, if_none_match=etag)
        assert answer.status_code == 304 and answer.content == b""
        for name in (*KEPT, "vary", "cache-tag"):
            assert answer.headers.get(name) == whole.headers.get(name), name
        assert "content-type" not in answer.headers and "content-encoding" not in answer.headers
        assert answer.headers.get("content-length", "0") in ("0", whole.headers["content-length"])


@pytest.mark.parametrize(
    "form", ["{0}", "W/{0}", '"other", {0}', '{0}, "other"', '"a","b",W/{0},"c"', '"a" , {0}', "*"]
)
def test_if_none_match_that_names_the_etag_answers_304(site: Site, path: str, form: str) -> None:
    etag = site.server.get(path).headers["etag"]
    answer = site.server.get(path, if_none_match=form.format(etag))
    assert answer.status_code == 304 and answer.headers["etag"] == etag


@pytest.mark.parametrize(
    "form", ['"other"', "{bare}", '"{bare}x"', "", ",", "W/", '"', "w/{0}", '"*"', "{0}x", "{long}"]
)
def test_if_none_match_that_does_not_name_the_etag_answers_200(site: Site, path: str, form: str) -> None:
    etag = site.server.get(path).headers["etag"]
    value = form.format(etag, bare=etag.strip('"'), long='"x",' * 3000 + etag)
    answer = site.server.get(path, if_none_match=value)
    assert answer.status_code == 200 and answer.content


def test_if_none_match_wins_over_if_modified_since(site: Site, path: str) -> None:
    whole = site.server.get(path)
    answer = site.server.get(path, if_none_match='"other"', if_modified_since=whole.headers["last-modified"])
    assert answer.status_code == 200


# --- If-Modified-Since


def shifted(text: str, seconds: int) -> str:
    return format_datetime(parsedate_to_datetime(text).astimezone(UTC) + timedelta(seconds=seconds), usegmt=True)


def test_if_modified_since_the_snapshot_or_later_answers_304(site: Site, path: str) -> None:
    modified = site.server.get(path).headers["last-modified"]
    for moment in (modified, shifted(modified, 1), shifted(modified, 86_400)):
        answer = site.server.get(path, if_modified_since=moment)
        assert answer.status_code == 304 and answer.headers["last-modified"] == modified


def test_if_modified_since_before_the_snapshot_answers_200(site: Site, path: str) -> None:
    modified = site.server.get(path).headers["last-modified"]
    assert site.server.get(path, if_modified_since=shifted(modified, -1)).status_code == 200


@pytest.mark.parametrize("moment", ["yesterday", "", "0", "Thu, 99 Foo 2026 00:00:00 GMT", "9" * 200, "1767225600"])
def test_if_modified_since_malformed_is_ignored(site: Site, path: str, moment: str) -> None:
    assert site.server.get(path, if_modified_since=moment).status_code == 200


def test_last_modified_is_an_http_date_in_the_past(site: Site, path: str) -> None:
    text = site.server.get(path).headers["last-modified"]
    assert text.endswith(" GMT") and format_datetime(parsedate_to_datetime(text).astimezone(UTC), usegmt=True) == text
    assert parsedate_to_datetime(text) <= datetime.now(UTC)


# --- codings


def test_codings_decode_to_the_identity_bytes_and_have_their_own_etags(site: Site, coded: str) -> None:
    identity, plain = raw_body(site, coded, "identity")
    zipped, zipped_bytes = raw_body(site, coded, "gzip")
    brotlied, brotli_bytes = raw_body(site, coded, "br")
    assert "content-encoding" not in identity.headers
    assert zipped.headers["content-encoding"] == "gzip" and gzip.decompress(zipped_bytes) == plain
    assert brotlied.headers["content-encoding"] == "br" and brotli.decompress(brotli_bytes) == plain
    assert identity.headers["etag"] == f'"{hashlib.sha256(plain).hexdigest()}"'
    assert len({answer.headers["etag"] for answer in (identity, zipped, brotlied)}) == 3
    for answer, body in ((identity, plain), (zipped, zipped_bytes), (brotlied, brotli_bytes)):
        assert not answer.headers["etag"].startswith("W/")
        assert int(answer.headers["content-length"]) == len(body)
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("accept", "coding"),
    [("gzip, deflate, br, zstd", "br"), ("gzip, deflate", "gzip"), ("br;q=0.5, gzip", "gzip"), ("*", "br"),
     ("gzip;q=0, *", "br"), ("br;q=0, *;q=0.1", "gzip"), ("identity", None), ("zstd", None), ("", None),
     ("gzip;q=0", None), ("gzip;q=2", None), ("gzip;q=x", None), ("GZIP", "gzip"), ("identity;q=0.5, br;q=0.4", None),
     (",,,", None), (";q=1", None), ("gzip" + "," * 5000, None)],
)  # fmt: skip
def test_accept_encoding_chooses(site: Site, coded: str, accept: str, coding: str | None) -> None:
    answer, _ = raw_body(site, coded, accept)
    assert answer.status_code == 200 and answer.headers.get("content-encoding") == coding


@pytest.mark.parametrize("coding", ["identity", "gzip", "br"])
def test_etag_of_any_coding_is_fresh_under_any_coding(site: Site, coded: str, coding: str) -> None:
    etag = raw_body(site, coded, coding)[0].headers["etag"]
    for other in ("identity", "gzip", "br"):
        answer = site.server.get(coded, accept_encoding=other, if_none_match=etag)
        assert answer.status_code == 304 and answer.headers["etag"] == etag


def test_range_on_documents_is_ignored(site: Site, coded: str) -> None:
    answer = site.server.get(coded, range="bytes=0-9")
    assert answer.status_code == 200 and len(answer.content) > 10 and "accept-ranges" not in answer.headers


# --- refusals are never conditional


def refusals(site: Site) -> Iterator[tuple[str, int]]:
    yield site.town.path(5), 404
    yield site.town.path(4), 410
    yield site.town.path("x"), 400
    yield "/nowhere", 404


def test_refusals_ignore_conditions_and_codings(site: Site) -> None:
    for path, status in refusals(site):
        answer = site.server.get(
            path, if_none_match="*", if_modified_since="Fri, 01 Jan 2100 00:00:00 GMT", accept_encoding="br, gzip"
        )
        assert answer.status_code == status and answer.json()["status"] == status
        assert "content-encoding" not in answer.headers
