"""A resource ready to be sent, in every coding it has, and the one function that answers a request with it."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from app.api.conditional import IDENTITY, choose_coding, http_date, matches, parse_http_date, parse_range

Headers = list[tuple[str, str]]
HeaderGetter = Callable[[str], str | None]
"""Looks up a request header by its lower-case name."""

PUBLIC: Final[tuple[tuple[str, str], ...]] = (
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "ETag, Last-Modified, Content-Length, Content-Range, Cache-Tag, X-Ipfs-Path"),
    ("x-content-type-options", "nosniff"),
)
"""On every public answer, errors included: browser wallets fetch from any origin."""

_KEPT_BY_304: Final = frozenset(
    {"cache-control", "cache-groups", "cache-tag", "etag", "last-modified", "vary"}
    | {"content-security-policy"}  # not needed there, but nothing below /ipfs/ leaves without it
    | {name for name, _ in PUBLIC}
)


class Answer(NamedTuple):
    status: int
    headers: Headers
    body: bytes


class _Variant(NamedTuple):
    etag: str
    ok: Answer
    head: Answer
    not_modified: Answer


class Resource:
    """Bytes with their headers worked out once. Immutable; shared between requests."""

    __slots__ = ("_by_coding", "_by_etag", "_etags", "_ranges", "modified", "weight")

    def __init__(
        self,
        body: bytes,
        *,
        content_type: str,
        cache_control: str,
        modified: int | None = None,
        sha256: str | None = None,
        codings: Mapping[str, bytes] | None = None,
        ranges: bool = False,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        """`codings` holds the body in other codings (gzip, br); each has an ETag of its own, because strong ETags name
        exact bytes. `sha256` (hex) is that of the body, computed when not given. `modified` is in unix seconds."""
        tag = sha256 or hashlib.sha256(body).hexdigest()
        self._ranges = ranges
        self.modified = modified
        common: Headers = [("content-type", content_type), ("cache-control", cache_control), *PUBLIC, *headers]
        if codings:
            common.append(("vary", "Accept-Encoding"))
        if modified is not None:
            common.append(("last-modified", http_date(modified)))
        if ranges:
            common.append(("accept-ranges", "bytes"))
        self._by_coding: dict[str, _Variant] = {}
        for coding, content in {IDENTITY: body, **(codings or {})}.items():
            etag = f'"{tag}"' if coding == IDENTITY else f'"{tag}-{coding}"'
            own = [*common, ("etag", etag)]
            full = [*own, ("content-length", str(len(content)))]
            if coding != IDENTITY:
                full.append(("content-encoding", coding))
            self._by_coding[coding] = _Variant(
                etag,
                Answer(200, full, content),
                Answer(200, full, b""),
                Answer(304, [header for header in own if header[0] in _KEPT_BY_304], b""),
            )
        self._by_etag = {variant.etag: variant for variant in self._by_coding.values()}
        self._etags = tuple(self._by_etag)
        self.weight = 4096 + sum(len(variant.ok.body) for variant in self._by_coding.values())
        """Roughly the bytes of memory this takes."""

    @property
    def body(self) -> bytes:
        return self._by_coding[IDENTITY].ok.body

    def respond(self, method: str, header: HeaderGetter) -> Answer:
        """The answer to a GET or HEAD (RFC 9110 §13.2.2 gives the order of the conditions)."""
        accept = header("accept-encoding")
        variant = self._by_coding.get(choose_coding(accept) if accept else IDENTITY) or self._by_coding[IDENTITY]
        condition = header("if-none-match")
        if condition is not None:
            # The bytes are the same in every coding, so any of our tags is fresh; the answer names the one it matched.
            known = self._by_etag.get(condition)
            if known is not None:
                return known.not_modified
            etag = matches(condition, self._etags)
            if etag is not None:
                return self._by_etag[etag].not_modified
        elif self.modified is not None and (since := header("if-modified-since")) is not None:
            moment = parse_http_date(since)
            if moment is not None and self.modified <= moment:
                return variant.not_modified
        if self._ranges and method == "GET" and (wanted := header("range")) is not None:
            partial = self._partial(wanted, header("if-range"))
            if partial is not None:
                return partial
        return variant.ok if method == "GET" else variant.head

    def _partial(self, wanted: str, condition: str | None) -> Answer | None:
        """206 or 416 for a Range header; None when the whole answer is to be sent."""
        whole = self._by_coding[IDENTITY]
        if condition is not None and condition != whole.etag:
            moment = parse_http_date(condition)
            if moment is None or self.modified is None or moment != self.modified:
                return None
        body = whole.ok.body
        headers = [pair for pair in whole.ok.headers if pair[0] != "content-length"]
        try:
            span = parse_range(wanted, len(body))
        except ValueError:
            headers = [pair for pair in headers if pair[0] not in ("etag", "last-modified", "cache-control")]
            return Answer(
                416,
                [
                    *headers,
                    ("content-range", f"bytes */{len(body)}"),
                    ("content-length", "0"),
                    ("cache-control", "no-store"),
                ],
                b"",
            )
        if span is None:
            return None
        first, last = span
        part = body[first : last + 1]
        headers += [("content-range", f"bytes {first}-{last}/{len(body)}"), ("content-length", str(len(part)))]
        return Answer(206, headers, part)
