"""A web site as a table: what a correct HTTP server answers to one request, computed without a network."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit, urlunsplit

from app.consumers.observation import HttpAnswer

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Resource:
    """What lies under one URL."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case. Content-Length, Content-Range and Allow are worked out."""
    methods: frozenset[str] = _READS
    elapsed_ms: int = 0
    error: str = ""
    """When set there is no answer, for this reason."""


def answer(resource: Resource, url: str, method: str, headers: Mapping[str, str]) -> HttpAnswer:
    """One exchange: HEAD, OPTIONS, If-None-Match (RFC 9110, 13.1.2) and a single byte range (14.2)."""
    fields = {name.lower(): value for name, value in headers.items()}
    base = HttpAnswer(url=url, method=method, status=0, headers={}, body=b"", elapsed_ms=resource.elapsed_ms)
    if resource.error:
        return replace(base, error=resource.error)
    if method not in resource.methods:
        return replace(base, status=405, headers={"allow": ", ".join(sorted(resource.methods))})
    if method == "OPTIONS":
        return replace(base, status=204, headers=dict(resource.headers))
    whole = replace(
        base, status=resource.status, headers={"content-length": str(len(resource.body)), **resource.headers}
    )
    if resource.status == 200 and _matches(fields.get("if-none-match", ""), resource.headers.get("etag", "")):
        return replace(base, status=304, headers=dict(resource.headers))
    if method == "HEAD":
        return whole
    if resource.status == 200 and "range" in fields:
        return _part(replace(whole, body=resource.body), fields["range"])
    return replace(whole, body=resource.body)


def _matches(condition: str, etag: str) -> bool:
    """Weak comparison of an If-None-Match list with an entity tag."""
    if not etag or not condition:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in condition.split(",")}
    return "*" in tags or etag.removeprefix("W/") in tags


def _part(whole: HttpAnswer, wanted: str) -> HttpAnswer:
    """206 or 416 for one byte range; the whole for anything else, as RFC 9110 allows."""
    unit, _, spec = wanted.partition("=")
    first, dash, last = spec.strip().partition("-")
    numbers = [text for text in (first, last) if text]
    if unit.strip() != "bytes" or not dash or not numbers or not all(t.isascii() and t.isdigit() for t in numbers):
        return whole
    total = len(whole.body)
    start = int(first) if first else max(0, total - int(last))
    end = min(int(last), total - 1) if first and last else total - 1
    if first and last and int(last) < int(first):
        return whole
    if start >= total:
        fields = {**whole.headers, "content-range": f"bytes */{total}", "content-length": "0"}
        return replace(whole, status=416, headers=fields, body=b"")
    body = whole.body[start : end + 1]
    fields = {**whole.headers, "content-range": f"bytes {start}-{end}/{total}", "content-length": str(len(body))}
    return replace(whole, status=206, headers=fields, body=body)


@dataclass(frozen=True, slots=True)
class Site:
    """Resources by absolute URL. A URL with a query falls back to the one without; unknown ones are 404."""

    resources: Mapping[str, Resource]
    otherwise: Resource = field(default_factory=lambda: Resource(status=404))

    def fetch(self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> HttpAnswer:
        found = self.resources.get(url)
        if found is None:
            found = self.resources.get(urlunsplit(urlsplit(url)._replace(query="", fragment="")), self.otherwise)
        return answer(found, url, method, headers or {})
