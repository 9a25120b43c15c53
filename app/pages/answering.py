"""How a page is sent: rendered, with a policy that allows our own files and nothing else, and an ETag.

Everything in a page that could vary from request to request is left out of it, so the same facts give the same bytes
and a browser that has them gets 304. The one inline style of a page is allowed by its hash, for the same reason.
"""

import base64
import gzip
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.pages import tint
from app.pages.assets import asset_url
from app.pages.prose import prose
from app.provenance.ids import cache_tags
from renderers.texts import plain

FRESH: Final = "public, max-age=0, s-maxage=30, stale-if-error=86400"
"""Browsers ask again each time (a 304 is cheap and an owner may have changed); shared caches keep half a minute."""

_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "vary": "Accept, Accept-Encoding",
}


def _short(address: str) -> str:
    return f"{address[:6]}…{address[-4:]}"


def _safe(text: object, limit: int = 200) -> str:
    """Names as one line of visible characters: no controls, no direction overrides. Escaping is the template's."""
    return plain(str(text), limit)


_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {"short": _short, "safe_name": _safe, "prose": lambda text, **how: Markup(prose(text, **how))}  # noqa: S704  nh3 has cleaned it
_environment.globals |= {"asset": asset_url}


def send(
    request: Request,
    template: str,
    context: Mapping[str, Any],
    *,
    ground: tint.Rgb | None = None,
    rules: str = "",
    status: int = 200,
    cache_control: str = FRESH,
    tags: tuple[int, int | None] | None = None,
    headers: Mapping[str, str] | None = None,
    talks: bool = False,
) -> Response:
    """A rendered page. `ground` tints it, `rules` are further CSS of its own; both are ours, never a visitor's text.
    A page that `talks` may ask our API, and show the icons that wallets bring along as data. `tags` are the collection
    and token whose change purges it from caches."""
    ground = ground or tint.parse(None)
    style = tint.stylesheet(ground, rules)
    html = _environment.get_template(template).render(
        {
            "style": Markup(style),  # noqa: S704  made of hex digits and our own rules
            "theme": (tint.css(tint.light(ground).wall), tint.css(tint.dark(ground).wall)),
            "path": request.url.path,
            **context,
        }
    )
    own = {
        "content-security-policy": _policy(style, talks),
        "cache-control": cache_control,
        **_HEADERS,
        **({"cache-tag": ",".join(cache_tags(*tags))} if tags else {}),
        **(headers or {}),
    }
    return conditional(request, html.encode(), "text/html; charset=utf-8", own, status)


def conditional(
    request: Request, body: bytes, media_type: str, headers: Mapping[str, str], status: int = 200
) -> Response:
    """Body, or 304 when the client has it; gzip when it says so. A strong ETag names exact bytes, so the two codings
    have tags of their own."""
    digest = hashlib.sha256(body).hexdigest()[:32]
    codings = {part.partition(";")[0].strip(): part for part in request.headers.get("accept-encoding", "").split(",")}
    packed = "gzip" in codings and "q=0" not in codings["gzip"].replace("q=0.", "")
    own = {**headers, "etag": f'"{digest}-gzip"' if packed else f'"{digest}"'}
    if status == 200:
        known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
        if known & {f'"{digest}"', f'"{digest}-gzip"', "*"}:
            return Response(status_code=304, headers=own)
    if packed:
        own["content-encoding"] = "gzip"
        body = gzip.compress(body, compresslevel=5, mtime=0)
    return Response(body, status, own, media_type)


def _policy(style: str, talks: bool) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    images, connections = ("img-src 'self' data:; ", "connect-src 'self'; ") if talks else ("img-src 'self'; ", "")
    return (
        f"default-src 'none'; script-src 'self'; {images}{connections}frame-src 'self'; form-action 'self'; "
        f"style-src 'self' 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"
    )
