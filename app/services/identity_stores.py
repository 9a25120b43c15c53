"""Nonces, session keys and revocations in the database (ports NonceStore, SessionKeys, Revocations).

Each call is a transaction of its own, so what one process did is there for all others when the call returns. Every
method raises DatabaseUnavailable while the database is down.
"""

from collections.abc import Sequence

from app.db.database import Database
from app.db.tables import SessionKey
from app.identity import StoredKey


class DatabaseNonces:
    def __init__(self, database: Database) -> None:
        self._database = database

    def issue(self, nonce: str, expires_at: int) -> None:
        with self._database.write() as unit:
            unit.identities.issue(nonce, expires_at)

    def consume(self, nonce: str, now: int) -> int | None:
        with self._database.write() as unit:
            return unit.identities.consume(nonce, now)

    def forget(self, now: int) -> None:
        with self._database.write() as unit:
            unit.identities.forget_nonces(now)


class DatabaseSessionKeys:
    def __init__(self, database: Database) -> None:
        self._database = database

    def stored(self) -> Sequence[StoredKey]:
        with self._database.read() as unit:
            rows = unit.identities.session_keys()
        return [StoredKey(row.generation, row.kid, row.sealed, row.created_at) for row in rows]

    def add(self, key: StoredKey) -> bool:
        row = SessionKey(generation=key.generation, kid=key.kid, sealed=key.sealed, created_at=key.created_at)
        with self._database.write() as unit:
            return unit.identities.add_key(row)

    def drop(self, generation: int) -> None:
        with self._database.write() as unit:
            unit.identities.drop_key(generation)


class DatabaseRevocations:
    def __init__(self, database: Database) -> None:
        self._database = database

    def revoke(self, session_id: str, until: int) -> None:
        with self._database.write() as unit:
            unit.identities.revoke(session_id, until)

    def revoked(self, session_id: str) -> bool:
        with self._database.read() as unit:
            return unit.identities.revoked(session_id)

    def forget(self, now: int) -> None:
        with self._database.write() as unit:
            unit.identities.forget_revocations(now)
