"""Checks of a client's token: a JWT signed with ES256 (RFC 7519, RFC 7518 §3.4) that is good for one request.

Claims: `iss`, `aud`, `sub` (the user), `iat`, `exp` (at most 600 s later), `tenant_id` (the community); on POST also
`jti` (never seen before) and `req_hash` ("sha256:" + hex of the SHA-256 of the body's bytes). Optional: `tier`,
`nft_id`, `channel_id`, `role`. Others are ignored.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from app.standins.platform.client_keys import ClientKeys, unpadded
from app.standins.platform.refusals import Refusal, unauthorized
from app.standins.platform.tiers import TIERS

SKEW: Final = 30
"""Seconds that two clocks may differ."""
LONGEST: Final = 600
"""Seconds from `iat` to `exp`."""
_ADMINS: Final = ("admin", "qa_admin")


@dataclass(frozen=True, slots=True)
class Claims:
    tenant: str
    subject: str
    tier: str | None
    channel: str
    nft: str | None
    admin: bool


class Tokens:
    """Accepts tokens of one issuer for one audience. `now` is Unix seconds."""

    def __init__(self, issuer: str, audience: str, keys: ClientKeys, now: Callable[[], float]) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = keys
        self._now = now
        self._seen: dict[str, float] = {}

    async def check(self, token: str, body: bytes, *, once: bool) -> Claims:
        """Claims of a valid token for a request with this body. `once`: it must have a `jti` and the body's hash.

        Raises 401, 409 JTI_REPLAY or 400 REQ_HASH_MISMATCH, with the reason.
        """
        claims = await self._signed(token)
        self._check_times(claims)
        if claims.get("iss") != self._issuer:
            raise unauthorized(f"iss must be {self._issuer}.")
        if claims.get("aud") != self._audience:
            raise unauthorized(f"aud must be {self._audience}.")
        tier, nft = claims.get("tier"), claims.get("nft_id")
        if tier is not None and tier not in TIERS:
            raise unauthorized(f"tier must be one of {', '.join(TIERS)}.")
        if nft is not None and not isinstance(nft, str):
            raise unauthorized("nft_id must be a string.")
        read = Claims(
            tenant=_text(claims, "tenant_id"),
            subject=_text(claims, "sub"),
            tier=tier,
            channel=_text(claims, "channel_id") if "channel_id" in claims else "",
            nft=nft,
            admin=claims.get("role") in _ADMINS,
        )
        self._check_body(claims, body, required=once)
        if once or "jti" in claims:
            self._spend(_text(claims, "jti"), claims["exp"])  # last: a token refused for another reason is not used up
        return read

    async def _signed(self, token: str) -> dict[str, Any]:
        head, _, rest = token.partition(".")
        payload, _, signature = rest.partition(".")
        try:
            header, claims = json.loads(unpadded(head)), json.loads(unpadded(payload))
            raw = unpadded(signature)
        except (ValueError, RecursionError):
            raise unauthorized("The token is not a JWT.") from None
        if not isinstance(header, dict) or not isinstance(claims, dict) or "crit" in header:
            raise unauthorized("The token is not a JWT.")
        if header.get("alg") != "ES256":
            raise unauthorized("alg must be ES256.")
        kid = header.get("kid")
        key = await self._keys.find(kid) if isinstance(kid, str) else None
        if key is None:
            raise unauthorized("kid does not name a key that is known here.")
        if not key.verifies(f"{head}.{payload}".encode(), raw):
            raise unauthorized("The token's signature is wrong.")
        return claims

    def _check_times(self, claims: dict[str, Any]) -> None:
        issued, expires, now = claims.get("iat"), claims.get("exp"), self._now()
        if not _is_time(issued) or not _is_time(expires):
            raise unauthorized("iat and exp must be numbers of seconds.")
        if expires - issued > LONGEST or expires < issued:
            raise unauthorized(f"exp must be within {LONGEST} seconds after iat.")
        if issued > now + SKEW:
            raise unauthorized("iat lies in the future.")
        if expires <= now - SKEW:
            raise unauthorized("The token has expired.")

    def _check_body(self, claims: dict[str, Any], body: bytes, *, required: bool) -> None:
        if "req_hash" not in claims and not required:
            return
        expected = "sha256:" + hashlib.sha256(body).hexdigest()
        if not hmac.compare_digest(_text(claims, "req_hash").encode(), expected.encode()):
            raise Refusal(400, "REQ_HASH_MISMATCH", "Request body integrity check failed.")

    def _spend(self, jti: str, expires: float) -> None:
        now = self._now()
        while self._seen and next(iter(self._seen.values())) <= now:
            del self._seen[next(iter(self._seen))]
        if jti in self._seen:
            raise Refusal(409, "JTI_REPLAY", "The token was used before: sign a new one for every request.")
        # As long as the longest token lives, so that they go in the order they came.
        self._seen[jti] = now + LONGEST + 2 * SKEW


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise unauthorized(f"{name} must be a string.")
    return value


def _is_time(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53
