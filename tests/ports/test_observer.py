"""One behaviour of HttpObserver, on a real local server and on the table of resources."""

import gzip
import subprocess
import sys
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import brotli
import pytest

from app.adapters.observer_http import HttpxObserver, is_public
from app.adapters.observer_memory import MemoryObserver
from app.consumers.site import Resource
from app.ports import HttpAnswer, HttpObserver

BODY = bytes(range(256)) * 8
LIMIT = 64 * 1024
ETAG = '"v1"'

PAGES: dict[str, tuple[int, dict[str, str], bytes]] = {
    "/page": (200, {"content-type": "image/png", "etag": ETAG}, BODY),
    "/missing": (404, {"content-type": "application/problem+json"}, b"{}"),
    "/large": (200, {}, b"x" * (LIMIT + 1)),
    "/exact": (200, {}, b"x" * LIMIT),
    "/empty": (200, {}, b""),
    "/one": (302, {"location": "/page"}, b""),
    "/nowhere": (302, {}, b"no location"),
    "/mail": (302, {"location": "mailto:somebody@example.org"}, b""),
    "/loop": (307, {"location": "/loop"}, b""),
    **{f"/hop{n}": (308, {"location": f"/hop{n - 1}" if n > 1 else "/page"}, b"") for n in range(1, 7)},
}


class Handler(BaseHTTPRequestHandler):
    """A small correct server, written apart from the table it is compared with."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path in ODD:
            ODD[self.path](self)
            self.close_connection = True
            return
        status, headers, body = PAGES.get(self.path.partition("?")[0], (404, {}, b""))
        if headers.get("etag") and self.headers.get("if-none-match") == headers["etag"]:
            status, body = 304, b""
        elif self.headers.get("range") == "bytes=0-99" and status == 200:
            status, headers = 206, {**headers, "content-range": f"bytes 0-99/{len(body)}"}
            body = body[:100]
        elif self.headers.get("range") == "bytes=9999-" and status == 200:
            status, headers, body = 416, {**headers, "content-range": f"bytes */{len(body)}"}, b""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_OPTIONS(self) -> None:
        self.send_response(204)
        for name, value in PAGES[self.path][1].items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


def raw(data: bytes) -> Callable[[Handler], None]:
    return lambda handler: void(handler.wfile.write(data))


def void(_: object) -> None:
    """Drops a result."""


def coded(coding: str, data: bytes) -> Callable[[Handler], None]:
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: {coding}\r\ncontent-length: {len(data)}\r\n\r\n"
    return raw(head.encode() + data)


def drip(data: bytes, pause: float) -> Callable[[Handler], None]:
    """One byte at a time; stops when the other side is gone."""

    def send(handler: Handler) -> None:
        try:
            for byte in data:
                handler.wfile.write(bytes([byte]))
                handler.wfile.flush()
                time.sleep(pause)
        except OSError:
            pass

    return send


def bomb(size: int) -> bytes:
    return gzip.compress(b"\0" * size)


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


ODD: dict[str, Callable[[Handler], None]] = {
    "/gzip": coded("gzip", gzip.compress(BODY)),
    "/deflate": coded("deflate", zlib.compress(BODY)),
    "/raw-deflate": coded("deflate", raw_deflate(BODY)),
    "/br": coded("br", brotli.compress(BODY)),
    "/gzip-bomb": coded("gzip", bomb(50_000_000)),
    "/br-bomb": coded("br", brotli.compress(b"\0" * 50_000_000, quality=3)),
    "/gzip-cut": coded("gzip", gzip.compress(BODY)[:-9]),
    "/gzip-lie": coded("gzip", b"plain text"),
    "/br-lie": coded("br", b"\xff" * 50),
    "/zstd": coded("zstd", b"(\xb5/\xfd"),
    "/not-http": raw(b"220 mail.example.org ESMTP\r\n"),
    "/hang-up": raw(b""),
    "/short": raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc"),
    "/twice": raw(b"HTTP/1.1 200 OK\r\nvary: a\r\nVary: b\r\ncontent-length: 0\r\n\r\n"),
    "/strange-location": raw(b"HTTP/1.1 302 Found\r\nlocation: http://[::1\r\ncontent-length: 0\r\n\r\n"),
    "/credentials": raw(b"HTTP/1.1 302 Found\r\nlocation: http://u:p@127.0.0.1/\r\ncontent-length: 0\r\n\r\n"),
    "/drip-head": drip(b"HTTP/1.1 200 OK\r\n" + b"x-padding: 1\r\n" * 1000, 0.02),
    "/drip-body": drip(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n" + b"x" * 9999, 0.02),
    "/endless": drip(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 9999, 0.02),
}


@dataclass
class Place:
    """Where a table of pages lies, and how it is looked at."""

    root: str
    observer: HttpObserver
    headers: Mapping[str, str] = field(default_factory=dict)

    def get(self, path: str, method: str = "GET", **headers: str) -> HttpAnswer:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.observer.fetch(f"{self.root}{path}", method=method, headers=fields)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture(params=["http", "memory"])
def place(request: pytest.FixtureRequest, server: str) -> Place:
    if request.param == "http":
        return Place(server, HttpxObserver(timeout=10, max_bytes=LIMIT))
    root = "https://memory.example"
    resources = {root + path: Resource(body, status, headers) for path, (status, headers, body) in PAGES.items()}
    return Place(root, MemoryObserver(resources, max_bytes=LIMIT))


# --- on both ---------------------------------------------------------------------------------------------------------


def test_fetch_get_gives_status_headers_and_body(place: Place) -> None:
    answer = place.get("/page")
    assert (answer.status, answer.body, answer.method, answer.error) == (200, BODY, "GET", "")
    assert (answer.header("content-type"), answer.header("content-length")) == ("image/png", str(len(BODY)))
    assert answer.url == f"{place.root}/page"
    assert (answer.redirects, answer.truncated) == ((), False)


def test_fetch_head_gives_headers_of_get_without_body(place: Place) -> None:
    answer = place.get("/page", "HEAD")
    assert (answer.status, answer.body, answer.header("content-length")) == (200, b"", str(len(BODY)))
    assert answer.header("content-type") == "image/png"


def test_fetch_options_is_an_answer_too(place: Place) -> None:
    assert place.get("/page", "OPTIONS").status == 204


def test_fetch_error_status_is_an_answer_with_its_body(place: Place) -> None:
    answer = place.get("/missing")
    assert (answer.status, answer.body, answer.error) == (404, b"{}", "")
    assert place.get("/unheard-of").status == 404


def test_fetch_query_unknown_to_the_server_changes_nothing(place: Place) -> None:
    assert place.get("/page?v=17").body == BODY


def test_fetch_range_gives_part(place: Place) -> None:
    answer = place.get("/page", range="bytes=0-99")
    assert (answer.status, answer.body) == (206, BODY[:100])
    assert answer.header("content-range") == f"bytes 0-99/{len(BODY)}"
    assert answer.header("content-length") == "100"


def test_fetch_range_beyond_the_end_is_416(place: Place) -> None:
    answer = place.get("/page", range="bytes=9999-")
    assert (answer.status, answer.header("content-range"), answer.body) == (416, f"bytes */{len(BODY)}", b"")


def test_fetch_known_etag_is_304_without_body(place: Place) -> None:
    answer = place.get("/page", if_none_match=ETAG)
    assert (answer.status, answer.body, answer.header("etag")) == (304, b"", ETAG)
    assert place.get("/page", if_none_match='"other"').status == 200


def test_fetch_body_over_the_limit_is_cut_and_says_so(place: Place) -> None:
    answer = place.get("/large")
    assert (len(answer.body), answer.truncated) == (LIMIT, True)
    assert answer.header("content-length") == str(LIMIT + 1)


def test_fetch_body_of_the_limit_is_whole(place: Place) -> None:
    answer = place.get("/exact")
    assert (len(answer.body), answer.truncated) == (LIMIT, False)


def test_fetch_empty_body_is_no_error(place: Place) -> None:
    answer = place.get("/empty")
    assert (answer.status, answer.body, answer.truncated, answer.error) == (200, b"", False, "")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_fetch_redirect_is_followed_and_recorded(place: Place, method: str) -> None:
    answer = place.get("/one", method)
    assert (answer.status, answer.url) == (200, f"{place.root}/page")
    assert answer.redirects == (f"{place.root}/one",)
    assert answer.body == (BODY if method == "GET" else b"")


def test_fetch_five_redirects_are_followed(place: Place) -> None:
    answer = place.get("/hop5")
    assert (answer.status, len(answer.redirects)) == (200, 5)


@pytest.mark.parametrize("path", ["/hop6", "/loop"])
def test_fetch_sixth_redirect_is_the_answer(place: Place, path: str) -> None:
    answer = place.get(path)
    assert (300 <= answer.status < 400, len(answer.redirects), answer.error) == (True, 5, "")


@pytest.mark.parametrize("path", ["/nowhere", "/mail"])
def test_fetch_redirect_that_cannot_be_followed_is_the_answer(place: Place, path: str) -> None:
    answer = place.get(path)
    assert (answer.status, answer.redirects) == (302, ())


def test_fetch_no_server_is_an_answer_with_status_0(place: Place) -> None:
    answer = place.observer.fetch("http://127.0.0.1:1/x")
    assert (answer.status, answer.body, bool(answer.error)) == (0, b"", True)


# --- what only a network does ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/gzip", "/deflate", "/raw-deflate", "/br"])
def test_fetch_http_coded_body_is_decoded(server: str, path: str) -> None:
    assert HttpxObserver().fetch(server + path).body == BODY


@pytest.mark.parametrize("path", ["/gzip-bomb", "/br-bomb"])
def test_fetch_http_bomb_is_cut_at_the_limit(server: str, path: str) -> None:
    answer = HttpxObserver(max_bytes=LIMIT).fetch(server + path)
    assert (answer.status, len(answer.body), answer.truncated) == (200, LIMIT, True)


@pytest.mark.parametrize("path", ["/gzip-bomb", "/br-bomb"])
def test_fetch_http_bomb_takes_no_memory(server: str, path: str) -> None:
    observer = HttpxObserver(max_bytes=LIMIT)
    tracemalloc.start()
    try:
        observer.fetch(server + path)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("path", ["/gzip-cut", "/gzip-lie", "/br-lie", "/zstd"])
def test_fetch_http_undecodable_body_is_no_answer(server: str, path: str) -> None:
    answer = HttpxObserver().fetch(server + path)
    assert (answer.status, answer.body) == (0, b"")
    assert any(word in answer.error for word in ("decoded", "asked for", "coded stream"))


@pytest.mark.parametrize("path", ["/not-http", "/hang-up", "/short"])
def test_fetch_http_broken_answer_is_no_answer(server: str, path: str) -> None:
    answer = HttpxObserver().fetch(server + path)
    assert (answer.status, bool(answer.error)) == (0, True)


@pytest.mark.parametrize("path", ["/strange-location", "/credentials"])
def test_fetch_http_bad_location_is_the_answer(server: str, path: str) -> None:
    answer = HttpxObserver().fetch(server + path)
    assert (answer.status, answer.redirects) == (302, ())


def test_fetch_http_repeated_field_is_joined(server: str) -> None:
    assert HttpxObserver().fetch(server + "/twice").header("vary") == "a, b"


@pytest.mark.parametrize("path", ["/drip-head", "/drip-body", "/endless"])
def test_fetch_http_dripping_server_is_left_at_the_deadline(server: str, path: str) -> None:
    started = time.perf_counter()
    answer = HttpxObserver(timeout=0.3).fetch(server + path)
    assert (answer.status, "Timeout" in answer.error) == (0, True), answer.error
    assert time.perf_counter() - started < 1.5
    assert 250 <= answer.elapsed_ms < 1500


@pytest.mark.parametrize(
    "url", ["", "x", "http://", "http://[::1", "ftp://127.0.0.1/", "http://u:p@127.0.0.1/", "http://a\x00b/",
            f"http://{'a' * 64}.example/", "http://127.0.0.1:99999/", "https://\u2603.invalid/"]
)  # fmt: skip
def test_fetch_http_url_that_is_none_is_an_answer(url: str) -> None:
    answer = HttpxObserver(timeout=5).fetch(url)
    assert (answer.status, answer.url, bool(answer.error)) == (0, url, True)
    assert "u:p" not in answer.error


def test_fetch_http_header_that_cannot_be_sent_is_an_answer(server: str) -> None:
    assert HttpxObserver().fetch(server + "/page", headers={"if-none-match": '"\u2603"'}).status == 0
    assert HttpxObserver().fetch(server + "/page", headers={"if-none-match": "a\r\nb: c"}).status == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_fetch_http_private_refused_before_anything_is_sent(server: str, host: str) -> None:
    port = server.rpartition(":")[2]
    answer = HttpxObserver(allow_private=False).fetch(f"http://{host}:{port}/page")
    assert (answer.status, "not a public address" in answer.error) == (0, True), answer.error


def test_fetch_http_private_in_other_spellings_is_refused(server: str) -> None:
    port = server.rpartition(":")[2]
    code = (
        "from app.adapters.observer_http import HttpxObserver\n"
        "for host in ('127.1', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]', '0'):\n"
        f"    answer = HttpxObserver(allow_private=False).fetch(f'http://{{host}}:{port}/page')\n"
        "    assert answer.status == 0 and 'not a public address' in answer.error, (host, answer.error)\n"
    )
    # In a process of its own: the guard against strays of the tests does not know these names of this machine.
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_fetch_http_private_allowed_by_default(server: str) -> None:
    assert HttpxObserver().fetch(server.replace("127.0.0.1", "localhost") + "/page").status == 200


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "::ffff:10.0.0.1",
     "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::", "nonsense", ""],
)  # fmt: skip
def test_is_public_inside_address_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_is_public_outside_address_is(address: str) -> None:
    assert is_public(address)
