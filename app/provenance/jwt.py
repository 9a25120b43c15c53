"""Signed tokens: JWT (RFC 7519) as compact JWS (RFC 7515) by ES256 (RFC 7518), and the public keys as JWKS (RFC 7517).

One algorithm, one header shape `{"alg":"ES256","kid":"…","typ":"JWT"}`: a token can not choose how it is checked. Every
fault of a token is the same Unauthorized, so a forger learns nothing; only a good token that has ended says so.
"""

import hashlib
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NoReturn, Self

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from app.errors import DnftError, Unauthorized

MAX_TOKEN: Final = 4096
"""Characters of a token, as much as a cookie holds."""
LEEWAY: Final = 30
"""Seconds that the clocks of two of our machines may differ."""
SEAL_KEY_BYTES: Final = 32
SEAL_NONCE_BYTES: Final = 12

_ES256: Final = ec.ECDSA(SHA256())
_PART: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_COORDINATE: Final = re.compile(r"[A-Za-z0-9_-]{43}=?", re.ASCII)
_KEY_ID: Final = re.compile(r"[0-9a-f]{8}", re.ASCII)


class VerifyingKey:
    """The public half of a P-256 key. `kid` is the first 8 hex digits of sha256 over its SPKI in DER."""

    def __init__(self, key: ec.EllipticCurvePublicKey) -> None:
        self._key = key
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.kid = hashlib.sha256(spki).hexdigest()[:8]

    def verifies(self, data: bytes, signature: bytes) -> bool:
        """Whether the 64 bytes r ‖ s sign `data`; s may lie in either half of the order, as JWS asks."""
        if len(signature) != 64:
            return False
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            self._key.verify(encode_dss_signature(r, s), data, _ES256)
        except InvalidSignature:
            return False
        return True

    def jwk(self) -> dict[str, str]:
        """RFC 7517 and RFC 7518, section 6.2."""
        numbers = self._key.public_numbers()
        return {
            "kty": "EC",
            "crv": "P-256",
            "x": _encode(numbers.x.to_bytes(32, "big")),
            "y": _encode(numbers.y.to_bytes(32, "big")),
            "kid": self.kid,
            "use": "sig",
            "alg": "ES256",
        }


class SigningKey:
    """A P-256 key pair. `repr` shows the kid only."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self.__key = key
        self.public = VerifyingKey(key.public_key())

    @classmethod
    def generate(cls) -> Self:
        """A new key. The library draws it from the system itself: key material never passes through our own seeds."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @property
    def kid(self) -> str:
        return self.public.kid

    def sign(self, data: bytes) -> bytes:
        """64 bytes r ‖ s."""
        r, s = decode_dss_signature(self.__key.sign(data, _ES256))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def seal(self, sealing_key: bytes, nonce: bytes, context: bytes) -> bytes:
        """The private key (PKCS 8) under AES-256-GCM: nonce ‖ ciphertext ‖ tag. Opens only with the same `context`.

        `nonce` is 12 bytes that were never used with this sealing key of 32 bytes."""
        plain = self.__key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return nonce + _cipher(sealing_key).encrypt(_whole(nonce, SEAL_NONCE_BYTES), plain, context)

    @classmethod
    def unseal(cls, sealed: bytes, sealing_key: bytes, context: bytes) -> Self:
        """The key that `seal` sealed; raises DnftError for another sealing key, another context or changed bytes."""
        cipher, nonce = _cipher(sealing_key), sealed[:SEAL_NONCE_BYTES]
        try:
            key = load_der_private_key(cipher.decrypt(nonce, sealed[SEAL_NONCE_BYTES:], context), None)
        except (InvalidTag, ValueError):
            key = None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise DnftError(
                "A session key can not be opened.",
                hint="Run with the secret it was sealed under, or make new keys with `dnft sessions end`.",
            ) from None
        return cls(key)

    def __repr__(self) -> str:
        return f"SigningKey({self.kid})"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("A signing key can not be pickled or copied")


def public_key(jwk: Mapping[str, Any]) -> VerifyingKey | None:
    """The key that a member of somebody's JWKS describes (RFC 7518, section 6.2); None when it is not a P-256 key for
    ES256 signatures, or no point of the curve."""
    if (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256"):
        return None
    if jwk.get("alg", "ES256") != "ES256" or jwk.get("use", "sig") != "sig":
        return None
    x, y = (_coordinate(jwk.get(name)) for name in ("x", "y"))
    if x is None or y is None:
        return None
    try:
        return VerifyingKey(ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key())
    except ValueError:
        return None


def jwks(keys: Iterable[VerifyingKey]) -> dict[str, list[dict[str, str]]]:
    """The document of `/.well-known/jwks.json`."""
    return {"keys": [key.jwk() for key in keys]}


def encode(claims: Mapping[str, Any], key: SigningKey) -> str:
    """The claims as a signed token. They are JSON values without floats; raises ValueError beyond MAX_TOKEN."""
    header = {"alg": "ES256", "kid": key.kid, "typ": "JWT"}
    signed = f"{_encode(_json(header))}.{_encode(_json(dict(claims)))}"
    token = f"{signed}.{_encode(key.sign(signed.encode('ascii')))}"
    if len(token) > MAX_TOKEN:
        raise ValueError(f"a token may have {MAX_TOKEN} characters at most")
    return token


def verify(
    token: str, find: Callable[[str], VerifyingKey | None], *, issuer: str, audience: str, now: int
) -> dict[str, Any]:
    """The claims of a token that a key of ours signed, for this issuer and audience, at `now` (unix seconds).

    `find` gives the key of a kid, or None. iss, aud (one string), sub, jti, iat and exp (whole seconds) must be there.
    Raises Unauthorized."""
    parts = token.split(".") if len(token) <= MAX_TOKEN else []
    if len(parts) != 3:
        raise _bad()
    header, claims = _object(parts[0]), _object(parts[1])
    kid = header.get("kid")
    if not isinstance(kid, str) or not _KEY_ID.fullmatch(kid) or header != {"alg": "ES256", "kid": kid, "typ": "JWT"}:
        raise _bad()
    key = find(kid)
    if key is None or not key.verifies(f"{parts[0]}.{parts[1]}".encode("ascii"), _decode(parts[2])):
        raise _bad()
    issued, expires = claims.get("iat"), claims.get("exp")
    texts = all(isinstance(claims.get(name), str) for name in ("sub", "jti"))
    if claims.get("iss") != issuer or claims.get("aud") != audience or not texts:
        raise _bad()
    if type(issued) is not int or type(expires) is not int or issued > now + LEEWAY:
        raise _bad()
    if now >= expires:
        raise Unauthorized("The session has ended.", hint="Sign in again.")
    return claims


def _bad() -> Unauthorized:
    return Unauthorized("The session token is not valid.", hint="Sign in again.")


def _object(part: str) -> dict[str, Any]:
    try:
        value = json.loads(_decode(part), object_pairs_hook=_once, parse_float=_no_number, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise _bad() from None
    if not isinstance(value, dict):
        raise _bad()
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers may pick different ones of two members of the same name."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member comes twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError("only whole numbers are taken")


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, allow_nan=False).encode("ascii")


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(part: str) -> bytes:
    """base64url without padding, in its one spelling: bits that carry nothing are zero."""
    if not _PART.fullmatch(part) or len(part) % 4 == 1:
        raise _bad()
    data = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if _encode(data) != part:
        raise _bad()
    return data


def _coordinate(value: Any) -> int | None:
    if not isinstance(value, str) or not _COORDINATE.fullmatch(value):
        return None
    return int.from_bytes(urlsafe_b64decode(value.rstrip("=") + "="))


def _cipher(sealing_key: bytes) -> AESGCM:
    return AESGCM(_whole(sealing_key, SEAL_KEY_BYTES))  # AESGCM would take shorter keys, and be AES-128


def _whole(value: bytes, length: int) -> bytes:
    if len(value) != length:
        raise ValueError(f"{length} bytes are needed here")
    return value
