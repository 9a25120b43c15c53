"""The platform's own signing keys, as its JWKS shows them: the current one and, until it expires, the one before."""

import hashlib
from collections.abc import Callable

from app.provenance.jwt import SigningKey, jwks
from app.standins.platform.refusals import to_json


class SigningKeys:
    """P-256 keys; `now` is Unix seconds."""

    def __init__(self, now: Callable[[], float], overlap: float) -> None:
        self._now = now
        self._overlap = overlap
        self._current = SigningKey.generate()
        self._previous: SigningKey | None = None
        self._previous_until = 0.0

    def rotate(self, overlap: float | None = None) -> str:
        """Take a new key into use; its id. The one before is served for `overlap` seconds more."""
        self._previous, self._current = self._current, SigningKey.generate()
        self._previous_until = self._now() + (self._overlap if overlap is None else overlap)
        return self._current.kid

    def document(self) -> tuple[bytes, str]:
        """The JWKS and its weak ETag."""
        keys = [self._current.public]
        if self._previous is not None and self._now() < self._previous_until:
            keys.append(self._previous.public)
        body = to_json(jwks(keys))
        return body, f'W/"{hashlib.sha256(body).hexdigest()[:16]}"'
