"""Who asks: an API key names a community and speaks for it; a token names a user of a community."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from app.standins.platform.options import Community
from app.standins.platform.refusals import unauthorized
from app.standins.platform.tiers import Tier, lower
from app.standins.platform.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Session:
    community: str
    user: str
    """Whose limits and reservations these are: the token's `sub`, or the key itself."""
    tier: Tier
    channel: str
    admin: bool


class Sessions:
    def __init__(self, communities: Sequence[Community], tokens: Tokens | None) -> None:
        self._by_id = {community.id: community for community in communities}
        self._by_key = [(_digest(community.key), community) for community in communities if community.key]
        self._tokens = tokens

    async def open(self, authorization: str | None, channel: str, body: bytes, *, once: bool) -> Session:
        """The session of a request. `channel` is its X-Channel-Id, or empty. Raises 401 and what `Tokens.check` does;
        a key is no secret here, yet is compared in constant time and never repeated."""
        scheme, _, credential = (authorization or "").partition(" ")
        credential = credential.strip()
        if scheme.lower() != "bearer" or not credential:
            raise unauthorized("Send Authorization: Bearer with an API key or a token.")
        if credential.count(".") != 2:
            return self._by_api_key(credential, channel)
        if self._tokens is None:
            raise unauthorized("Tokens are not accepted: no client keys are configured.")
        claims = await self._tokens.check(credential, body, once=once)
        community = self._by_id.get(claims.tenant)
        if community is None:
            raise unauthorized("tenant_id does not name a community that is known here.")
        tier = community.tier if claims.tier is None else lower(community.tier, _tier(claims.tier))
        return Session(community.id, claims.subject, tier, channel or claims.channel or claims.subject, claims.admin)

    def _by_api_key(self, credential: str, channel: str) -> Session:
        digest = _digest(credential)
        found = [community for known, community in self._by_key if hmac.compare_digest(known, digest)]
        if not found:
            raise unauthorized("The API key is not known here.")
        user = f"key:{found[0].id}"
        return Session(found[0].id, user, found[0].tier, channel or user, admin=True)


def _tier(name: str) -> Tier:
    return "free" if name == "free" else "pro" if name == "pro" else "enterprise"


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
