"""Looks at a token's URL the way consumers do: the JSON, its other spellings, and the media it names."""

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlencode, urlsplit, urlunsplit

from app.consumers.observation import ABSENT_ID, RANGE_PROBE, HttpAnswer, Media, Observation, parse_document

ORIGIN = "https://wallet.example"
"""Origin of the probes: servers that answer CORS only when asked must be asked."""


class Fetcher(Protocol):
    """Fetches as `app.ports.HttpObserver` promises."""

    def fetch(self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> HttpAnswer: ...


def observe(url: str, fetcher: Fetcher, *, gateway: str = "") -> Observation:
    """All probes of one token or contract URI: 1 to 16 requests, one after the other.

    `gateway` is the root of an IPFS gateway (`https://host`); without it `ipfs://` media are reported as not fetched.
    Never raises for what servers do: the answers tell.
    """
    target, reason = fetchable(url, gateway)
    if not target:
        nothing = HttpAnswer(url=url, method="GET", status=0, headers={}, body=b"", elapsed_ms=0, error=reason)
        return Observation(url=url, get=nothing, parse_error=reason)
    origin = {"origin": ORIGIN}
    got = fetcher.fetch(target, headers=origin)
    if got.status == 0:
        return Observation(url=url, get=got, parse_error=got.error)
    document, parse_error = parse_document(got)
    etag = got.header("etag")
    return Observation(
        url=url,
        get=got,
        head=fetcher.fetch(target, method="HEAD", headers=origin),
        preflight=fetcher.fetch(
            target,
            method="OPTIONS",
            headers={**origin, "access-control-request-method": "GET", "access-control-request-headers": "accept"},
        ),
        revalidated=fetcher.fetch(target, headers={**origin, "if-none-match": etag}) if etag else None,
        siblings={name: fetcher.fetch(sibling) for name, sibling in sibling_urls(target).items()},
        document=document,
        parse_error=parse_error,
        image=_media(document, "image", fetcher, gateway),
        animation=_media(document, "animation_url", fetcher, gateway),
    )


def sibling_urls(url: str) -> dict[str, str]:
    """Other spellings of a URL whose last path segment is a canonical decimal token id (`.json` may follow).

    `hex` and `padded` name the same token (0x…, 64 digits); `leading-zero` is malformed; `absent` cannot exist.
    Empty for any other URL, and for snapshots (`…/v/4`), whose number is not a token id.
    """
    parts = urlsplit(url)
    folder, _, last = parts.path.rpartition("/")
    stem, dot, suffix = last.partition(".")
    if not (stem.isascii() and stem.isdigit() and len(stem) <= 78) or folder.endswith("/v"):
        return {}
    number = int(stem)
    # 64 hexadecimal digits without a leading zero would be read as a decimal id.
    if str(number) != stem or number >= 16**63:
        return {}
    spellings = {"hex": f"0x{number:x}", "padded": f"{number:064x}", "leading-zero": f"0{stem}"}
    spellings["absent"] = str(ABSENT_ID)
    return {
        name: urlunsplit(parts._replace(path=f"{folder}/{spelling}{dot}{suffix}"))
        for name, spelling in spellings.items()
    }


def fetchable(reference: str, gateway: str = "") -> tuple[str, str]:
    """The http(s) URL for a reference in a document, or an empty string and why there is none."""
    try:
        parts = urlsplit(reference)
        host = parts.hostname
    except ValueError as error:
        return "", f"not a URL: {error}"
    if parts.scheme in {"http", "https"} and host:
        return reference, ""
    if parts.scheme == "ipfs":
        path = reference[len("ipfs://") :].removeprefix("ipfs/")
        if not path or not reference.lower().startswith("ipfs://"):
            return "", "ipfs: without a content id"
        if not gateway:
            return "", "ipfs:// is read through a gateway, and none was given"
        return f"{gateway.rstrip('/').removesuffix('/ipfs')}/ipfs/{path}", ""
    if parts.scheme == "data":
        return "", "a data: URL, there is nothing to fetch"
    return "", f"the scheme {parts.scheme}: is not fetched" if parts.scheme else "not an absolute URL"


def with_query(url: str, **parameters: str) -> str:
    """`url` with query parameters appended."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, urlencode(parameters)]))))


def _media(document: Mapping[str, object] | None, key: str, fetcher: Fetcher, gateway: str) -> Media | None:
    reference = (document or {}).get(key)
    if not isinstance(reference, str) or not reference:
        return None
    url, reason = fetchable(reference, gateway)
    if not url:
        return Media(reference=reference, skipped=reason)
    origin = {"origin": ORIGIN}
    got = fetcher.fetch(url, headers=origin)
    if got.status == 0:
        return Media(reference=reference, url=url, get=got)
    return Media(
        reference=reference,
        url=url,
        get=got,
        head=fetcher.fetch(url, method="HEAD", headers=origin),
        ranged=fetcher.fetch(url, headers={**origin, "range": f"bytes=0-{RANGE_PROBE - 1}"}),
        busted=fetcher.fetch(with_query(url, v="1700000000"), method="HEAD", headers=origin),
    )
