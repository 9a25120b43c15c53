"""Static files, under names that carry the hash of their content, so that caches may keep them for ever."""

import hashlib
from pathlib import Path
from typing import Final

_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


def _read() -> tuple[dict[str, str], dict[str, tuple[bytes, str]]]:
    urls, files = {}, {}
    for file in sorted((Path(__file__).parent / "static").iterdir()):
        if file.suffix in _TYPES:
            body = file.read_bytes()
            name = f"{file.stem}.{hashlib.sha256(body).hexdigest()[:12]}{file.suffix}"
            urls[file.name] = f"/static/{name}"
            files[name] = (body, _TYPES[file.suffix])
    return urls, files


_URLS, ASSETS = _read()
"""ASSETS: hashed name → (bytes, content type)."""


def asset_url(name: str) -> str:
    """The URL of a static file; KeyError when there is none of that name."""
    return _URLS[name]
