import json
import subprocess
import sys
from collections.abc import Mapping
from time import perf_counter

import pytest

from app.consumers.evaluation import evaluate
from app.consumers.observation import HttpAnswer, nested_deeper, parse_document, redirect_target
from app.consumers.observing import fetchable, observe, sibling_urls, with_query
from app.consumers.site import Resource, Site
from tests.consumers.samples import ANIMATION, CONTRACT, IMAGE, PNG, TOKEN, document

HEX = "https://h/c/0x7"


def answer(status: int = 200, body: bytes = b"{}", **headers: str) -> HttpAnswer:
    return HttpAnswer("https://h/a/b", "GET", status, headers, body, 1)


def test_sibling_urls_decimal_id_gives_every_spelling() -> None:
    assert sibling_urls("https://h/c/7.json?x=1") == {
        "hex": "https://h/c/0x7.json?x=1",
        "padded": f"https://h/c/{7:064x}.json?x=1",
        "leading-zero": "https://h/c/07.json?x=1",
        "absent": f"https://h/c/{2**256 - 1}.json?x=1",
    }


@pytest.mark.parametrize(
    "url",
    [
        HEX,
        CONTRACT,
        "https://h/c/7/v/4",
        "https://h/c/07",
        "https://h/",
        "https://h/c/٣",
        f"https://h/{16**63}",
        f"https://h/{'9' * 79}",
    ],
)
def test_sibling_urls_anything_else_gives_none(url: str) -> None:
    assert sibling_urls(url) == {}


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("ipfs://cid/a.png", "https://g/ipfs/cid/a.png"),
        ("ipfs://ipfs/cid", "https://g/ipfs/cid"),
        ("IPFS://QmAbC/1", "https://g/ipfs/QmAbC/1"),
        ("https://h/x", "https://h/x"),
        ("ipfs://", ""),
        ("ipfs:cid", ""),
        ("data:image/png;base64,AA", ""),
        ("/a.png", ""),
        ("a.png", ""),
        ("ftp://h/a", ""),
        ("http://[::1", ""),
        ("", ""),
    ],
)
def test_fetchable_reference_becomes_http_or_reason(reference: str, url: str) -> None:
    for gateway in ("https://g", "https://g/", "https://g/ipfs", "https://g/ipfs/"):
        found, reason = fetchable(reference, gateway)
        assert (found, bool(reason)) == (url, not url)


def test_fetchable_ipfs_without_gateway_says_so() -> None:
    assert "gateway" in fetchable("ipfs://cid")[1]


def test_with_query_keeps_what_is_there() -> None:
    assert with_query("https://h/a?b=1", v="2") == "https://h/a?b=1&v=2"
    assert with_query("https://h/a", v="2") == "https://h/a?v=2"


@pytest.mark.parametrize(
    ("status", "location", "target"),
    [
        (301, "/c", "https://h/c"),
        (307, "c", "https://h/a/c"),
        (308, "http://o/c", "http://o/c"),
        (200, "/c", None),
        (304, "/c", None),
        (302, "", None),
        (302, "ftp://o/c", None),
        (302, "https://u:p@o/c", None),
        (302, "http://[", None),
        (302, "javascript:alert(1)", None),
    ],
)
def test_redirect_target_only_what_a_client_may_follow(status: int, location: str, target: str | None) -> None:
    assert redirect_target(answer(status, location=location)) == target


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"[]", "not an object"),
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"a": NaN}', "NaN"),
        (b"\xff{}", "UTF-8"),
        (b'{"a":' * 100_000, "deep"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
    ],
)
def test_parse_document_bad_body_gives_reason(body: bytes, reason: str) -> None:
    document, error = parse_document(answer(body=body))
    assert document is None
    assert reason in error


@pytest.mark.parametrize(
    ("body", "deeper"),
    [
        (b"[" * 3 + b"]" * 3, False),
        (b"[" * 4, True),
        (b'{"a":[{"b":[', True),
        (b"[]" * 50, False),
        (b'["[[[[[[", "{{{{"]', False),
        (b'["\\"[[[[[["]', False),
        (b'["\\\\", [[[', True),
        (b"", False),
    ],
)
def test_nested_deeper_counts_open_brackets_outside_strings(body: bytes, deeper: bool) -> None:
    assert nested_deeper(body, 3) is deeper


def test_parse_document_deep_json_is_refused_whatever_the_recursion_limit() -> None:
    code = (
        "import sys; sys.setrecursionlimit(10**6)\n"
        "from app.consumers.observation import HttpAnswer, parse_document\n"
        "for body in (b'[' * 10**6, b'{\"a\":' * 10**6):\n"
        "    answer = HttpAnswer('u', 'GET', 200, {}, body, 1)\n"
        "    assert 'deep' in parse_document(answer)[1]\n"
    )
    # In a process of its own: without the bound it would be this one that dies.
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_parse_document_hostile_body_takes_no_time() -> None:
    for piece in (b"[]", b'"', b'\\"', b"\\", b'"\\"'):
        started = perf_counter()
        assert parse_document(answer(body=piece * (400_000 // len(piece))))[0] is None
        assert perf_counter() - started < 2, piece


def test_parse_document_cut_body_is_not_parsed() -> None:
    cut = HttpAnswer("https://h", "GET", 200, {}, b"{}", 1, truncated=True)
    assert parse_document(cut)[0] is None


class Recorder:
    """A site that remembers what was asked."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.asked: list[str] = []

    def fetch(self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> HttpAnswer:
        self.asked.append(f"{method} {url}")
        return self.site.fetch(url, method=method, headers=headers)


def test_observe_nothing_answers_asks_once() -> None:
    recorder = Recorder(Site({TOKEN: Resource(error="refused")}))
    observation = observe(TOKEN, recorder)
    assert recorder.asked == [f"GET {TOKEN}"]
    assert (observation.document, observation.parse_error) == (None, "refused")
    assert not evaluate(observation).passed


def test_observe_follows_the_document_to_its_media() -> None:
    body = json.dumps(document()).encode()
    site = Site(
        {
            TOKEN: Resource(body=body, headers={"content-type": "application/json", "etag": '"a"'}),
            IMAGE: Resource(body=PNG, headers={"content-type": "image/png"}),
            ANIMATION: Resource(error="timeout"),
        }
    )
    recorder = Recorder(site)
    observation = observe(TOKEN, recorder)
    assert observation.image is not None
    assert observation.image.ranged is not None
    assert (observation.image.ranged.status, observation.image.ranged.body) == (206, PNG[:1024])
    assert observation.revalidated is not None
    assert observation.revalidated.status == 304
    assert observation.animation is not None
    assert observation.animation.head is None
    assert len(recorder.asked) == 4 + 4 + 4 + 1
    assert observation.siblings["absent"].status == 404


def test_observe_ipfs_image_without_gateway_is_told() -> None:
    body = json.dumps(document(image="ipfs://cid/image.png")).encode()
    recorder = Recorder(Site({TOKEN: Resource(body=body)}))
    observation = observe(TOKEN, recorder)
    assert observation.image is not None
    assert observation.image.get is None
    rows = {row.rule: row for row in evaluate(observation).rows}
    assert rows["indexers.image-fetched"].verdict == "warn"
    assert "gateway" in rows["indexers.image-fetched"].seen
    assert rows["reservoir.image-head"].verdict == "not-applicable"


def test_observe_url_that_cannot_be_fetched_asks_nothing() -> None:
    recorder = Recorder(Site({}))
    observation = observe("ipfs://cid/7", recorder)
    assert recorder.asked == []
    assert "gateway" in observation.parse_error
