"""How we show the agent platform who we are: an API key, or an ES256 token signed for each request.

Neither the key nor a token is ever in a repr or an error.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NoReturn, Protocol
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.errors import ConfigurationError
from app.ports import Clock
from app.provenance.idempotency import request_hash
from app.provenance.jwt import SigningKey, encode

_FIELD = re.compile(r"[\x21-\x7e]+")
_NAME = re.compile(r"[A-Za-z0-9-]+")
MAX_CLAIM = 256
MAX_LIFE = 600
"""Seconds. Platforms refuse tokens that live longer."""


class Credentials(Protocol):
    """Makes the header fields that prove who asks. Called anew for every attempt, with the very bytes that are sent."""

    def headers(self, body: bytes, *, holder: str, channel: str) -> Mapping[str, str]:
        """Header fields; `holder` and `channel` are those of the ask, empty for none."""


class ApiKey:
    """A fixed key, as `Authorization: Bearer …` or in the header that the platform wants."""

    __slots__ = ("__value", "_header")

    def __init__(self, key: str, *, header: str = "authorization") -> None:
        """`header` other than `authorization` carries the bare key. Raises ConfigurationError when the key cannot stand
        in a header."""
        if not _FIELD.fullmatch(key) or not _NAME.fullmatch(header):
            raise ConfigurationError(["The platform's API key or its header has characters no HTTP header can carry"])
        self._header = header.lower()
        self.__value = f"Bearer {key}" if self._header == "authorization" else key

    def headers(self, body: bytes, *, holder: str, channel: str) -> Mapping[str, str]:
        return {self._header: self.__value}

    def __repr__(self) -> str:
        return f"ApiKey({self._header})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("An API key can not be pickled or copied")


@dataclass(frozen=True, slots=True)
class TokenOptions:
    """Claims that are the same in every token."""

    issuer: str
    audience: str
    tenant: str
    tier: Literal["free", "pro", "enterprise"]
    subject: str = "service"
    """`sub` of what nobody in particular asks for."""
    life: int = 120
    """Seconds from `iat` to `exp`, at most `MAX_LIFE`."""
    channel_claim: bool = False
    """Whether the channel is a claim too (`channel_id`); verifiers with a closed list of claims refuse it."""


class Es256Credentials:
    """Signs a token of its own for each attempt (RFC 7519, ES256), bound to the body by `req_hash`."""

    __slots__ = ("_clock", "_entropy", "_key", "_options")

    def __init__(
        self,
        pem: bytes,
        options: TokenOptions,
        *,
        clock: Clock,
        entropy: Callable[[int], bytes],
        password: bytes | None = None,
    ) -> None:
        """`pem` is a P-256 private key, PKCS#8 or SEC 1. Raises ConfigurationError, which quotes nothing of it."""
        problems = [
            f"The platform token's {name} has 1 to {MAX_CLAIM} characters"
            for name in ("issuer", "audience", "tenant", "tier", "subject")
            if not 1 <= len(getattr(options, name)) <= MAX_CLAIM
        ]
        if not 1 <= options.life <= MAX_LIFE:
            problems.append(f"The platform token's life is 1 to {MAX_LIFE} seconds")
        key = _signing_key(pem, password)
        if key is None:
            problems.append("The platform's signing key is not a P-256 private key in PEM form that its password opens")
        if problems or key is None:
            raise ConfigurationError(problems)
        self._key = key
        self._options = options
        self._clock = clock
        self._entropy = entropy

    def headers(self, body: bytes, *, holder: str, channel: str) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self.token(body, holder=holder, channel=channel)}"}

    def token(self, body: bytes, *, holder: str = "", channel: str = "") -> str:
        """The token for one attempt. `jti` is a new random UUID each time."""
        options = self._options
        now = int(self._clock.now().timestamp())
        claims: dict[str, str | int] = {
            "iss": options.issuer,
            "aud": options.audience,
            "sub": holder or options.subject,
            "iat": now,
            "exp": now + options.life,
            "jti": str(UUID(bytes=self._entropy(16), version=4)),
            "tenant_id": options.tenant,
            "tier": options.tier,
            "req_hash": request_hash(body),
        }
        if channel and options.channel_claim:
            claims["channel_id"] = channel
        return encode(claims, self._key)

    @property
    def kid(self) -> str:
        """The first 8 hex digits of the SHA-256 of our public key (SPKI DER)."""
        return self._key.kid

    def jwk(self) -> dict[str, str]:
        """Our public key, for the JWKS that the platform reads (RFC 7517)."""
        return self._key.public.jwk()

    def __repr__(self) -> str:
        return f"Es256Credentials({self.kid})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A signing key can not be pickled or copied")


def _signing_key(pem: bytes, password: bytes | None) -> SigningKey | None:
    try:
        key = load_pem_private_key(pem, password)
    except Exception:
        return None  # wrong passwords and damaged files come as several types, which may quote the input
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        return None
    return SigningKey(key)
