"""The platform's own signing keys, as its JWKS shows them: the current one and, until it expires, the one before."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any

from Crypto.PublicKey import ECC
from Crypto.PublicKey.ECC import EccKey

from app.standins.platform.refusals import to_json


class SigningKeys:
    """P-256 keys made from `entropy`; `now` is Unix seconds."""

    def __init__(self, now: Callable[[], float], entropy: Callable[[int], bytes], overlap: float) -> None:
        self._now = now
        self._entropy = entropy
        self._overlap = overlap
        self._current = self._new()
        self._previous: EccKey | None = None
        self._previous_until = 0.0

    def rotate(self, overlap: float | None = None) -> str:
        """Take a new key into use; its id. The one before is served for `overlap` seconds more."""
        self._previous, self._current = self._current, self._new()
        self._previous_until = self._now() + (self._overlap if overlap is None else overlap)
        return key_id(self._current)

    def document(self) -> tuple[bytes, str]:
        """The JWKS and its weak ETag."""
        keys = [self._current]
        if self._previous is not None and self._now() < self._previous_until:
            keys.append(self._previous)
        body = to_json({"keys": [_public_jwk(key) for key in keys]})
        return body, f'W/"{hashlib.sha256(body).hexdigest()[:16]}"'

    def _new(self) -> EccKey:
        return ECC.generate(curve="P-256", randfunc=self._entropy)


def key_id(key: EccKey) -> str:
    """First 8 hex digits of the SHA-256 of the public key's SPKI DER."""
    spki = key.public_key().export_key(format="DER")
    return hashlib.sha256(spki).hexdigest()[:8]


def _public_jwk(key: EccKey) -> dict[str, Any]:
    point = key.pointQ
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": _coordinate(int(point.x)),
        "y": _coordinate(int(point.y)),
        "kid": key_id(key),
        "use": "sig",
        "alg": "ES256",
    }


def _coordinate(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes(32, "big")).rstrip(b"=").decode()
