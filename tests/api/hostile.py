"""Requests nobody should send, made from a seed: the same number gives the same bytes."""

import random
from collections.abc import Sequence
from urllib.parse import quote

from tests.worlds import Town

METHODS = ["GET"] * 8 + [
    "HEAD",
    "OPTIONS",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "TRACE",
    "CONNECT",
    "PRI",
    "get",
    "G\x00T",
    "é",
]
IDS = [
    "0", "1", "2", "00", "01", "-1", "+1", " 1", "1 ", "1_0", "1.0", "1e9", "0x", "0x0", "0X1", "0xg",
    "0x" + "f" * 64, "0x" + "f" * 65, "f" * 64, "0" * 64, "1" * 64, str(2**31), str(2**31 - 1), str(2**63),
    str(2**64), str(2**256 - 1), str(2**256), "9" * 5000, "%30", "%2530", "%00", "0%00", "%", "%zz", "%c0%ae",
    "%ff", "%E2%98%83", "٣", "１", "NaN", "null", "undefined", "{id}", "${7*7}", "' OR 1=1--", "<script>", "../",
    "..%2f..%2f", "%2e%2e", ".json", "0.json", "0.json.json", "0;x=1", "0?", "0#f", "", "/", "*", "0\\..\\",
    "\u202e0", "0\t", "true",
]  # fmt: skip
TAILS = [
    "", "/", "//", "/v/1", "/v/0", "/v/01", "/v/-1", "/v/99999999999999999999", "/v/", "/v", "/v/1/2", "/v/%00",
    "/beauvoir", "/beauvoir.json", "/history", "/diagnose", "/nothing", "/beauvoir/", "/history?limit=-1", "/%76/1",
    "/V/1",
]  # fmt: skip
OTHERS = [
    "/", "//", "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/v1/collections", "/v1/collections/",
    "/v1", "/ipfs", "/ipfs/", "/ipfs//", "/ipfs/x", "/ipfs/bafy", "/ipfs/" + "b" * 59, "/ipfs/%00",
    "/ipfs/../../etc/passwd", "/agents", "/.well-known/x", "/%2e%2e/%2e%2e/etc/passwd", "/\x7f", "*", "", "?",
    "/?" + "a" * 9000, "/" + "a/" * 3000, "/static/../../pyproject.toml", "/static/%2e%2e/x",
    "http://evil.example/", "https://[::1]:99/1/2/3", "/1/2", "/1/0x/0",
]  # fmt: skip
QUERIES = [
    "", "", "", "?", "?format=raw", "?format=car", "?format=%00", "?format=x&format=raw", "?a[]=1&a[b]=2",
    "?" + "&" * 3000, "?%", "?%ff%fe", "?format=raw;car", "?x=" + "y" * 7000, "?\x00", "??format=car",
    "?limit=1e999",
]  # fmt: skip
NAMES = [
    "if-none-match", "if-modified-since", "if-match", "if-range", "range", "accept-encoding", "accept",
    "accept-language", "host", "cookie", "authorization", "x-forwarded-for", "x-forwarded-host",
    "x-forwarded-proto", "forwarded", "origin", "connection", "access-control-request-method",
    "access-control-request-headers", "te", "upgrade", "content-type", "expect", "via", "x-original-url",
    "x-rewrite-url", "x-http-method-override", "cache-control", "pragma", "referer", "user-agent", "date",
]  # fmt: skip
VALUES = [
    "", "*", '"', '""', 'W/""', "W/*", '"a",' * 500, "bytes=0-", "bytes=-1", "bytes=-0", "bytes=9-1",
    "bytes=0-0,-1", "bytes=", "bytes=" + "9" * 400 + "-", "bytes=0-" + "9" * 400, "bytes=²-", "items=0-1",
    "br;q=NaN", "gzip;q=1e400", "br;q=" + "9" * 300, "*;q=0", "identity;q=0, *;q=0", "gzip, " * 700,
    "Fri, 31 Feb 2026 25:61:61 GMT", "Thu, 01 Jan 99999 00:00:00 GMT", "-1", "0", "NaN",
    "Mon, 00 Jan 0000 00:00:00 +9999", "evil.example", "a\tb", "é", "\xff\xfe", "%00", "x" * 9000, "100-continue",
    "close", "upgrade", "h2c", "websocket", "trailers", "application/vnd.ipld.car", "text/html;q=x",
    "../../../etc/passwd", "${jndi:ldap://x}", "{{7*7}}", "Bearer " + "a" * 3000, "null", "POST", "x-a, x-b",
    "for=\"_x\"", "Thu, 01 Jan 1970 00:00:00 GMT", "Sat, 01 Jan 2400 00:00:00 GMT",
]  # fmt: skip
BROKEN = [
    b"\r\n\r\n", b"\x00" * 50 + b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\nHost: x\n\n", b"GET  /  HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
    b"GET / HTTP/1.1\r\n Host: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nx\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"
    b"0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    b"POST /1/2/3 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 30\r\n\r\nabc",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 64, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n",
    b"SSH-2.0-x\r\n\r\n", b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
]  # fmt: skip


class Hostile:
    """An endless supply for a server with a town in it; `cids` are content ids it knows."""

    def __init__(self, seed: int, town: Town, cids: Sequence[str]) -> None:
        self._random = random.Random(seed)
        self._town = town
        self._cids = cids

    def request(self) -> bytes:
        """Bytes to send on one connection: usually one request, sometimes several, sometimes none that deserves it."""
        if self._random.random() < 0.05:
            return self._random.choice(BROKEN)
        several = self._random.choice([1] * 12 + [2, 5])
        return b"".join(self._one(last=number == several - 1) for number in range(several))

    def _one(self, last: bool) -> bytes:
        pick = self._random.choice
        method, body = pick(METHODS), b""
        headers = [(pick(NAMES), pick(VALUES)) for _ in range(pick([0, 0, 0, 1, 1, 2, 4]))]
        if method in ("POST", "PUT", "PATCH") and pick([True, False]):
            body = bytes(self._random.randbytes(pick([0, 1, 100, 5000])))
            headers.append(("content-length", str(len(body))))
        if not any(name == "host" for name, _ in headers) and pick([True] * 9 + [False]):
            headers.append(("host", "127.0.0.1"))
        headers = [(name, value) for name, value in headers if name != "connection"]
        if last:
            headers.append(("connection", "close"))
        lines = [f"{method} {self._target()} HTTP/{pick(['1.1'] * 9 + ['1.0'])}", *(f"{n}: {v}" for n, v in headers)]
        text = "\r\n".join(lines) + "\r\n\r\n"
        return text.encode(pick(["utf-8", "utf-8", "latin-1"]), "replace") + body

    def _target(self) -> str:
        pick, town = self._random.choice, self._town
        kind = self._random.random()
        if kind < 0.55:
            chain = pick([str(town.chain_id)] * 8 + ["0", "-1", "1" * 40, "x", "", "%31"])
            contract = pick(
                [town.contract] * 8 + [town.contract.upper(), "0x" + "1" * 40, "0x", town.contract + "0", "%00"]
            )
            path = f"/{chain}/{contract}/{pick(IDS)}{pick(TAILS)}"
        elif kind < 0.75:
            inside = pick(
                ["", "/", "/image.png", "/x", "/../x", "/%00", "/image.png/", "//image.png", "/" + "a" * 3000, "/é"]
            )
            path = f"/ipfs/{pick([*self._cids, 'b' * 59, 'Qm' + 'a' * 44])}{inside}"
        elif kind < 0.9:
            path = pick(OTHERS)
        else:
            path = self._noise()
        prefix = pick([""] * 19 + ["http://evil.example"])
        target = prefix + self._mutated(path) + pick(QUERIES)
        # Mostly what gets past the parser of HTTP, and now and then what does not.
        return quote(target, safe="/%?&=:[]{}()'*,;<>@!$|^`#\\\"+~-_.") if pick([True] * 7 + [False]) else target

    def _noise(self) -> str:
        return "/" + "".join(chr(self._random.choice([*range(33, 127), 0, 0xE9, 0x2603, 0x1F600])) for _ in range(40))

    def _mutated(self, path: str) -> str:
        if not path or self._random.random() < 0.8:
            return path
        at = self._random.randrange(len(path))
        piece = self._random.choice(["", "%", "%00", "/", "..", "\\", "A", "%2f", ";", "é", "\x01", path[at] * 50])
        return path[:at] + piece + path[at + 1 :]
