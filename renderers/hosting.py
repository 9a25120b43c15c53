"""The canonical document and the hosted one: equal but for the prefix of the media fields.

Canonical (pinned, hashed): `ipfs://{cid}/…`. Hosted (served): `{origin}/ipfs/{cid}/…`. The canonical writer
refuses both prefixes anywhere else, so anyone can undo the change and check the hash.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import rfc8785

Document = dict[str, Any]
"""A JSON object."""

MEDIA_FIELDS: Final = ("image", "animation_url", "banner_image", "featured_image")
"""Top-level members that hold media links; no other member may begin with, or contain, `ipfs://`."""
IPFS: Final = "ipfs://"


def hosted_document(document: Mapping[str, Any], origin: str) -> Document:
    """The document as served at `origin` (an absolute URL without trailing slash)."""
    return _swapped(document, IPFS, f"{origin}/ipfs/")


def canonical_document(document: Mapping[str, Any], origin: str) -> Document:
    """The inverse of `hosted_document`."""
    return _swapped(document, f"{origin}/ipfs/", IPFS)


def hosted(canonical: bytes, origin: str) -> bytes:
    """Canonical bytes (RFC 8785) → the bytes served at `origin`, in RFC 8785 form. ValueError when not an object."""
    return rfc8785.dumps(hosted_document(_parsed(canonical), origin))


def canonical_from_hosted(served: bytes, origin: str) -> bytes:
    """Served bytes → canonical bytes; the inverse of `hosted`. ValueError when not a JSON object."""
    return rfc8785.dumps(canonical_document(_parsed(served), origin))


def _parsed(data: bytes) -> Document:
    document = json.loads(data)
    if not isinstance(document, dict):
        raise ValueError("a token document is a JSON object")
    return document


def _swapped(document: Mapping[str, Any], old: str, new: str) -> Document:
    result = dict(document)
    for field in MEDIA_FIELDS:
        value = result.get(field)
        if isinstance(value, str) and value.startswith(old):
            result[field] = new + value[len(old) :]
    return result
