"""Static files, under names that carry the hash of their content, so that caches may keep them for ever.

Scripts import each other by plain names (`./api.js`); here those become the hashed names, so a change of one module
changes the names of all that import it.
"""

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_FOLDER: Final = Path(__file__).parent / "static"
_IMPORT: Final = re.compile(rb'from "\./([a-z-]+\.js)"')
DEVELOPERS: Final = frozenset({"demo-wallet.js"})
"""Served by the demo alone, under an address of its own."""


@lru_cache
def _file(name: str) -> tuple[str, bytes]:
    """(hashed name, bytes) of a static file. Modules form no circle."""
    body = _IMPORT.sub(lambda found: b'from "./' + _file(found[1].decode())[0].encode() + b'"', read(name))
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(body).hexdigest()[:12]}.{suffix}", body


def read(name: str) -> bytes:
    """The bytes of a static file as written."""
    return (_FOLDER / name).read_bytes()


def _read() -> tuple[dict[str, str], dict[str, tuple[bytes, str]]]:
    urls, files = {}, {}
    for path in sorted(_FOLDER.iterdir()):
        if path.suffix in _TYPES and path.name not in DEVELOPERS:
            name, body = _file(path.name)
            urls[path.name] = f"/static/{name}"
            files[name] = (body, _TYPES[path.suffix])
    return urls, files


_URLS, ASSETS = _read()
"""ASSETS: hashed name → (bytes, content type)."""


def asset_url(name: str) -> str:
    """The URL of a static file; KeyError when there is none of that name."""
    return _URLS[name]
