"""`/ipfs/{cid}[/path]`: a read-only gateway over our own released content.

Follows the trustless gateway specification for `?format=raw` and `?format=car`. Every answer is sandboxed: what is
served here (SVG, HTML) must never act in the name of our origin.
"""

from html import escape
from typing import Final

from app.api.resource import Headers, Resource
from app.errors import Invalid, UnknownContent
from app.provenance import car
from app.services.reading import Reading

IMMUTABLE: Final = "public, max-age=31536000, immutable"
SANDBOX: Final = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; sandbox allow-scripts"
)
"""Scripts of our animation pages run in an opaque origin without network; nothing else may happen."""


def gateway_resource(reading: Reading, cid: str, path: str, form: str) -> Resource:
    """The resource below a content id. `form` is "", "raw" (one block) or "car" (the DAG)."""
    if form not in ("", "raw", "car"):
        raise Invalid("The format is raw or car, or left out.")
    if "\0" in path:
        raise UnknownContent("No file has such a name.")  # PostgreSQL cannot even be asked for it
    view = reading.content(cid, path.strip("/") if path else "")
    headers: Headers = [
        ("content-security-policy", SANDBOX),
        ("x-ipfs-path", f"/ipfs/{cid}/{path}" if path else f"/ipfs/{cid}"),
        ("cross-origin-resource-policy", "cross-origin"),
    ]
    if form == "raw":
        block = reading.blocks(view.cid)[0][1]
        return _download(block, "application/vnd.ipld.raw", f"{view.cid}.bin", headers)
    if form == "car":
        archive = b"".join(car.write(view.cid, reading.blocks(view.cid)))
        return _download(archive, "application/vnd.ipld.car; version=1; order=dfs; dups=y", f"{view.cid}.car", headers)
    if not view.media_type:
        page = _listing(cid, view.entries)
        return Resource(page, content_type="text/html; charset=utf-8", cache_control=IMMUTABLE, headers=headers)
    return Resource(view.body, content_type=view.media_type, cache_control=IMMUTABLE, ranges=True, headers=headers)


def _download(body: bytes, content_type: str, name: str, headers: Headers) -> Resource:
    return Resource(
        body,
        content_type=content_type,
        cache_control=IMMUTABLE,
        ranges=True,
        headers=[*headers, ("content-disposition", f'attachment; filename="{name}"')],
    )


def _listing(cid: str, entries: tuple[tuple[str, int], ...]) -> bytes:
    rows = "".join(
        f'<li><a href="/ipfs/{escape(cid)}/{escape(name)}">{escape(name)}</a> {size:,} bytes</li>'
        for name, size in entries
    )
    return (
        f"<!doctype html><meta charset=utf-8><title>{escape(cid)}</title><h1>{escape(cid)}</h1><ul>{rows}</ul>".encode()
    )
