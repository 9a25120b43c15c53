"""`/ipfs/…`: our released content, and nothing else in the world."""

import hashlib
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from app.provenance import car, unixfs
from app.provenance.cid import block_cid, parse_cid
from tests.api.conftest import Site
from tests.api.test_documents import expect_problem
from tests.worlds import head

TYPES = {
    "image.png": "image/png",
    "image-512.png": "image/png",
    "image-250.png": "image/png",
    "image.webp": "image/webp",
    "image.svg": "image/svg+xml",
    "animation.html": "text/html; charset=utf-8",
    "beauvoir.md": "text/markdown; charset=utf-8",
}
STRANGER = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"
"""Somebody else's content: `hello world` and a line feed."""


def media(site: Site, token_id: int = 0) -> str:
    return f"/ipfs/{head(site.world, site.town, token_id).media_cid}"


def expect_guarded(answer: httpx.Response) -> None:
    """What every answer under /ipfs/ must have, whatever it is: its content must never act in our name."""
    policy = answer.headers["content-security-policy"]
    assert "sandbox" in policy and "default-src 'none'" in policy and "allow-same-origin" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "set-cookie" not in answer.headers


def expect_file(answer: httpx.Response) -> None:
    expect_guarded(answer)
    assert answer.status_code == 200
    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["accept-ranges"] == "bytes"
    assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize("name", TYPES)
def test_file_by_path_has_its_exact_type_and_its_own_address_gives_the_same(site: Site, name: str) -> None:
    answer = site.server.get(f"{media(site)}/{name}")
    expect_file(answer)
    assert answer.headers["content-type"] == TYPES[name]
    own = unixfs.file(answer.content).cid
    alone = site.server.get(f"/ipfs/{own}")
    expect_file(alone)
    assert alone.content == answer.content and alone.headers["content-type"] == TYPES[name]


def test_file_head_has_the_headers_of_get(site: Site) -> None:
    path = f"{media(site)}/image.png"
    get, answer = site.server.get(path), site.server.head(path)
    assert answer.status_code == 200 and answer.content == b""
    assert _steady(answer) == _steady(get)


def _steady(answer: httpx.Response) -> Mapping[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "date"}


def test_links_of_a_document_lead_to_its_media(site: Site) -> None:
    document = site.server.get(site.town.path(0)).json()
    for field, media_type in (("image", "image/png"), ("animation_url", TYPES["animation.html"])):
        answer = site.server.get(document[field].removeprefix(site.town.origin))
        assert answer.status_code == 200 and answer.headers["content-type"] == media_type


def test_unknown_query_is_ignored_as_indexers_append_their_own(site: Site) -> None:
    path = f"{media(site)}/image.png"
    assert site.server.get(path + "?v=1700000000&width=250").content == site.server.get(path).content


def test_query_of_megabytes_and_repeats_is_harmless(site: Site) -> None:
    answer = site.server.get(f"{media(site)}/image.png?" + "&".join(f"a{n}={n}" for n in range(3000)))
    assert answer.status_code == 200


def test_directory_lists_its_files(site: Site) -> None:
    answer = site.server.get(media(site))
    expect_guarded(answer)
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/html; charset=utf-8"
    for name in TYPES:
        assert f'href="{media(site)}/{name}"' in answer.text
    assert site.server.get(media(site) + "/").content == answer.content


@pytest.mark.parametrize("name", ["nothing.png", "../image.png", "image.png/x", "%2e%2e/%2e%2e/etc/passwd", "%00", "☃"])
def test_path_inside_that_is_not_there_answers_404(site: Site, name: str) -> None:
    answer = site.server.get(f"{media(site)}/{name}")
    assert answer.status_code in (400, 404)
    expect_guarded(answer)


def test_content_of_others_answers_404(site: Site) -> None:
    answer = site.server.get(f"/ipfs/{STRANGER}")
    expect_problem(answer, 404, "unknown-content", "no-store")
    expect_guarded(answer)


@pytest.mark.parametrize("cid", ["x", "bafy", STRANGER.upper(), STRANGER + "a", "Qm" + "1" * 44, "%ff", "b" * 5000])
def test_cid_malformed_answers_400_or_404(site: Site, cid: str) -> None:
    answer = site.server.get(f"/ipfs/{cid}/image.png")
    assert answer.status_code in (400, 404), answer.text
    expect_guarded(answer)


@pytest.mark.parametrize("path", ["/ipfs", "/ipfs/"])
def test_gateway_root_answers_a_refusal(site: Site, path: str) -> None:
    assert site.server.get(path).status_code in (400, 404)


def test_sealed_content_is_not_served(site: Site) -> None:
    """Born but not released: its pictures must not be known before it is."""
    with site.world.database.read() as unit:
        sealed = unit.public.snapshot(site.town.id, 3, 1)
    assert sealed is not None
    for path in (sealed.media_cid, f"{sealed.media_cid}/image.png", sealed.document_cid):
        for form in ("", "?format=raw", "?format=car"):
            expect_problem(site.server.get(f"/ipfs/{path}{form}"), 404, "unknown-content", "no-store")


# --- trustless forms


def test_format_raw_gives_the_block_that_hashes_to_the_cid(site: Site) -> None:
    for cid in (head(site.world, site.town, 0).media_cid, head(site.world, site.town, 0).document_cid):
        answer = site.server.get(f"/ipfs/{cid}?format=raw")
        expect_file(answer)
        assert answer.headers["content-type"] == "application/vnd.ipld.raw"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert block_cid(parse_cid(cid).codec, answer.content) == cid


def test_format_car_gives_the_whole_dag(site: Site) -> None:
    cid = head(site.world, site.town, 0).media_cid
    answer = site.server.get(f"/ipfs/{cid}?format=car")
    expect_guarded(answer)
    assert answer.headers["content-type"].startswith("application/vnd.ipld.car")
    root, blocks = car.read(answer.content)
    assert root == cid
    assert all(block_cid(parse_cid(each).codec, block) == each for each, block in blocks.items())
    for name in TYPES:
        assert unixfs.file(site.server.get(f"{media(site)}/{name}").content).cid in blocks


@pytest.mark.parametrize("form", ["tar", "ipns-record", "RAW", "%00"])
def test_format_unknown_answers_400(site: Site, form: str) -> None:
    answer = site.server.get(f"{media(site)}?format={form}")
    expect_problem(answer, 400, "invalid", "max-age=300")
    expect_guarded(answer)


# --- ranges


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [("bytes=0-1023", 0, 1023), ("bytes=0-0", 0, 0), ("bytes=100-", 100, None), ("bytes=-10", -10, None),
     ("bytes=5-99999999", 5, None), ("bytes=-99999999", 0, None), ("BYTES=1-2", 1, 2), ("bytes= 1 - 2", 1, 2)],
)  # fmt: skip
def test_range_satisfiable_answers_206(site: Site, wanted: str, first: int, last: int | None) -> None:
    path = f"{media(site)}/image.png"
    whole = site.server.get(path)
    size = len(whole.content)
    start = size + first if first < 0 else first
    end = size - 1 if last is None else last
    answer = site.server.get(path, range=wanted)
    expect_guarded(answer)
    assert answer.status_code == 206
    assert answer.content == whole.content[start : end + 1]
    assert answer.headers["content-range"] == f"bytes {start}-{end}/{size}"
    assert answer.headers["etag"] == whole.headers["etag"]
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["content-type"] == "image/png"


@pytest.mark.parametrize("wanted", ["bytes=99999999-", "bytes=-0", "bytes=99999999-100000000"])
def test_range_unsatisfiable_answers_416(site: Site, wanted: str) -> None:
    path = f"{media(site)}/image.png"
    size = len(site.server.get(path).content)
    answer = site.server.get(path, range=wanted)
    expect_guarded(answer)
    assert answer.status_code == 416 and answer.headers["content-range"] == f"bytes */{size}"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "wanted", ["items=0-1", "bytes=a-b", "bytes=", "bytes", "bytes=5-1", "bytes=0-1,5-6", "bytes=--1", "bytes=1-²", "x"]
)
def test_range_malformed_or_multiple_is_ignored(site: Site, wanted: str) -> None:
    path = f"{media(site)}/image.png"
    answer = site.server.client.get(
        site.server.url + path, headers=[(b"range", wanted.encode()), (b"accept-encoding", b"identity")]
    )
    assert answer.status_code == 200 and answer.content == site.server.get(path).content


def test_if_range_with_the_etag_gives_the_part_and_with_another_the_whole(site: Site) -> None:
    path = f"{media(site)}/image.png"
    etag = site.server.get(path).headers["etag"]
    assert site.server.get(path, range="bytes=0-9", if_range=etag).status_code == 206
    for other in ('"other"', f"W/{etag}", "Fri, 01 Jan 2100 00:00:00 GMT", "nonsense"):
        answer = site.server.get(path, range="bytes=0-9", if_range=other)
        assert answer.status_code == 200 and len(answer.content) > 10, other


def test_range_on_head_is_ignored(site: Site) -> None:
    assert site.server.head(f"{media(site)}/image.png", range="bytes=0-9").status_code == 200


def test_if_none_match_wins_over_range(site: Site) -> None:
    path = f"{media(site)}/image.png"
    etag = site.server.get(path).headers["etag"]
    answer = site.server.get(path, range="bytes=0-9", if_none_match=etag)
    assert answer.status_code == 304
    expect_guarded(answer)


# --- methods


def test_options_is_a_preflight_and_other_methods_are_refused(site: Site) -> None:
    path = f"{media(site)}/image.png"
    assert site.server.request("OPTIONS", path, access_control_request_method="GET").status_code == 204
    refused = site.server.request("POST", path)
    assert refused.status_code == 405 and "GET" in refused.headers["allow"]
    expect_guarded(refused)


def test_many_readers_of_one_picture_get_all_of_it(site: Site) -> None:
    path: Any = f"{media(site)}/image.png"
    whole = site.server.get(path).content
    joined = b"".join(
        site.server.get(path, range=f"bytes={at}-{at + 999}").content for at in range(0, len(whole), 1000)
    )
    assert joined == whole
