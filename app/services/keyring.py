"""Keys that sign tokens: kept sealed, replaced every week, published.

The newest key signs. The one before stays good until the last token it signed has ended, and then it is forgotten. The
stored keys are read anew for every use, so all processes agree, and a key that was dropped is refused at once.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from app.errors import ConfigurationError, DnftError
from app.identity import SessionKeys, StoredKey
from app.ports import Clock
from app.provenance import jwt

KEY_SECONDS: Final = 7 * 24 * 3600
"""Age at which a key is replaced."""


class _Key(NamedTuple):
    stored: StoredKey
    key: jwt.SigningKey


class KeyRing:
    """Safe to use from several threads, and from several processes that share the store (port TokenKeys).

    clock: the security clock. sealing_key: 32 bytes; it is never stored or shown. token_seconds: the longest life of a
    token. Raises ConfigurationError; every method raises DnftError when a stored key was sealed under another key."""

    def __init__(
        self,
        store: SessionKeys,
        clock: Clock,
        entropy: Callable[[int], bytes],
        sealing_key: bytes,
        *,
        token_seconds: int,
    ) -> None:
        if len(sealing_key) != jwt.SEAL_KEY_BYTES:
            raise ConfigurationError([f"The data key must be {jwt.SEAL_KEY_BYTES} bytes"])
        self._store = store
        self._clock = clock
        self._entropy = entropy
        self._sealing_key = sealing_key
        # A process that read the keys just before a rotation may sign once more with the old one.
        self._retiring_seconds = token_seconds + jwt.LEEWAY
        self._opened: dict[StoredKey, jwt.SigningKey] = {}

    def signing(self) -> jwt.SigningKey:
        """The key to sign with now; a new one when there is none or it is too old."""
        ring = self._ring()
        if ring and ring[0].stored.created_at + KEY_SECONDS > self._now():
            return ring[0].key
        return self._replace(ring).key

    def verifying(self) -> Sequence[jwt.VerifyingKey]:
        """The keys whose tokens are good now, newest first."""
        return [key.key.public for key in self._live()]

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The document of `/.well-known/jwks.json`."""
        return jwt.jwks(self.verifying())

    def rotate(self) -> str:
        """Sign with a new key from now on; returns its kid. What was signed stays good until it ends."""
        return self._replace(self._ring()).stored.kid

    def drop_all(self) -> None:
        """End every token at once: for the day a key was stolen."""
        for stored in self._store.stored():
            self._store.drop(stored.generation)

    def tidy(self) -> None:
        """Forget the keys that verify nothing any more. Nothing depends on when this runs."""
        live = {key.stored for key in self._live()}
        for key in self._ring():
            if key.stored not in live:
                self._store.drop(key.stored.generation)

    def _replace(self, ring: Sequence[_Key]) -> _Key:
        """A new key, or the one that somebody else made at the same moment."""
        generation, now = ring[0].stored.generation + 1 if ring else 1, self._now()
        key = jwt.SigningKey.generate()
        sealed = key.seal(self._sealing_key, self._entropy(jwt.SEAL_NONCE_BYTES), _context(generation, key.kid, now))
        stored = StoredKey(generation, key.kid, sealed, now)
        if self._store.add(stored):
            return _Key(stored, key)
        ring = self._ring()
        if not ring:
            raise DnftError("The session keys were dropped while a new one was made.", hint="Try again.")
        return ring[0]

    def _live(self) -> list[_Key]:
        ring, now = self._ring(), self._now()
        retiring = (key for after, key in pairwise(ring) if after.stored.created_at + self._retiring_seconds > now)
        return [*ring[:1], *retiring]

    def _ring(self) -> list[_Key]:
        """All stored keys, newest first; each is opened once."""
        before = self._opened
        opened = {stored: before.get(stored) or self._open(stored) for stored in self._store.stored()}
        self._opened = opened  # replaced whole: other threads see this one or the one before
        return [_Key(stored, key) for stored, key in reversed(opened.items())]

    def _open(self, stored: StoredKey) -> jwt.SigningKey:
        context = _context(stored.generation, stored.kid, stored.created_at)
        return jwt.SigningKey.unseal(stored.sealed, self._sealing_key, context)

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _context(generation: int, kid: str, created_at: int) -> bytes:
    """What a sealed key is bound to: whoever can write to the database can not pass an old key off as a new one."""
    return f"dnft session key {generation} {kid} {created_at}".encode("ascii")
