"""Public keys of the clients whose tokens are accepted: a JWKS (RFC 7517) at a URL or in a file.

Fetched when first needed, again after an hour, and for an unknown key id, at most once in `cooldown` seconds. Old keys
stay in use while the source can't be read.
"""

import asyncio
import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import httpx

from app.provenance.jwt import VerifyingKey, public_key

_FRESH: Final = 3600.0


class ClientKeys:
    def __init__(self, source: str, clock: Callable[[], float], cooldown: float) -> None:
        self._source = source
        self._clock = clock
        self._cooldown = cooldown
        self._keys: dict[str, VerifyingKey] = {}
        self._tried: float | None = None
        self._fetched: float | None = None
        self._lock = asyncio.Lock()

    async def find(self, kid: str) -> VerifyingKey | None:
        """The key, or None when the source doesn't have it or can't be read."""
        if kid not in self._keys or self._older_than(self._fetched, _FRESH):
            async with self._lock:
                # Whoever waited for the lock finds the work done.
                if kid not in self._keys or self._older_than(self._fetched, _FRESH):
                    await self._refresh()
        return self._keys.get(kid)

    async def _refresh(self) -> None:
        if not self._older_than(self._tried, self._cooldown):
            return
        self._tried = self._clock()
        try:
            document = json.loads(await self._load())
            known = {jwk["kid"]: public_key(jwk) for jwk in document["keys"] if isinstance(jwk, dict) and "kid" in jwk}
            self._keys = {kid: key for kid, key in known.items() if key is not None}
        except (OSError, httpx.HTTPError, ValueError, KeyError, TypeError):
            return
        self._fetched = self._tried

    async def _load(self) -> bytes:
        if not self._source.startswith(("http://", "https://")):
            return await asyncio.to_thread(Path(self._source).read_bytes)
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            answer = (await client.get(self._source)).raise_for_status()
            return answer.content

    def _older_than(self, moment: float | None, seconds: float) -> bool:
        return moment is None or self._clock() - moment >= seconds


def unpadded(text: str) -> bytes:
    """Base64url without padding (RFC 7515 §2). Raises ValueError."""
    if not text.isascii() or "=" in text:
        raise ValueError("not base64url")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
