"""Runs every consumer's rules on a document before anything is live, with no network."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from app.consumers.evaluation import Report, evaluate
from app.consumers.observation import Observation
from app.consumers.observing import observe, sibling_urls
from app.consumers.site import Resource, Site

_CORS = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
_JSON = "application/json"


def preflight(
    document: Mapping[str, Any],
    *,
    url: str,
    image_url: str,
    image_type: str,
    image: bytes,
    animation_url: str = "",
    animation_type: str = "text/html; charset=utf-8",
    animation: bytes = b"",
    body: bytes | None = None,
    gateway: str = "",
    consumers: Iterable[str] | None = None,
) -> Report:
    """The report on `document` as our edge would serve it at `url`, with its media at their URLs.

    `document` is the hosted form, or the canonical one with `gateway` set to the origin that serves `/ipfs/`. `body`
    are the exact bytes to be served (compact JSON of the document when None). Rules on how things are served hold by
    construction here; rules on what is served are really judged. Raises UnknownConsumer.
    """
    return evaluate(
        edge_observation(
            json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() if body is None else body,
            url=url,
            media={image_url: (image_type, image), animation_url: (animation_type, animation)},
            gateway=gateway,
        ),
        consumers,
    )


def edge_observation(
    body: bytes, *, url: str, media: Mapping[str, tuple[str, bytes]], gateway: str = ""
) -> Observation:
    """What an observer sees when our edge serves these bytes: JSON at `url`, media by URL as (type, bytes)."""
    document = _served(_JSON, body, "public, max-age=60, s-maxage=300, stale-while-revalidate=600")
    resources = {
        place: _served(kind, content, "public, max-age=31536000, immutable")
        for place, (kind, content) in media.items()
        if place
    }
    siblings = {name: _refusal(400 if name == "leading-zero" else 404) for name in ("leading-zero", "absent")}
    siblings |= {"hex": document, "padded": document}
    resources |= {place: siblings[name] for name, place in sibling_urls(url).items()}
    resources[url] = document
    return observe(url, Site(resources, otherwise=_refusal(404)), gateway=gateway)


def _served(kind: str, body: bytes, cache_control: str) -> Resource:
    return Resource(
        body=body,
        headers={
            **_CORS,
            "content-type": kind,
            "cache-control": cache_control,
            "etag": f'"{hashlib.sha256(body).hexdigest()}"',
            # The day does not matter here: no rule looks at more than its presence.
            "last-modified": "Thu, 01 Jan 1970 00:00:00 GMT",
            "accept-ranges": "bytes",
            "x-content-type-options": "nosniff",
            "vary": "Accept-Encoding",
        },
    )


def _refusal(status: int) -> Resource:
    return Resource(
        body=json.dumps({"status": status}).encode(),
        status=status,
        headers={**_CORS, "content-type": "application/problem+json", "cache-control": "public, max-age=30"},
    )
