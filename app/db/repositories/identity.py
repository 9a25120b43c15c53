"""Nonces, session keys and revocations. Accounts belong to no project, so nothing here takes one."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from app.db.tables import IssuedNonce, Revocation, SessionKey


class Identities:
    def __init__(self, session: Session) -> None:
        self._session = session

    # --- nonces

    def issue(self, nonce: str, expires_at: int) -> None:
        """Add a nonce, or set the end of the one that is there."""
        row = IssuedNonce(nonce=nonce, expires_at=expires_at)
        self._session.execute(self._insert(row).on_conflict_do_update(index_elements=["nonce"], set_=row.model_dump()))

    def consume(self, nonce: str, now: int) -> int | None:
        """Delete a nonce that has not ended, and give its end. One statement: of several that ask at once, one deletes
        the row, and the others, who waited for its lock, find none."""
        found: int | None = self._session.execute(
            delete(IssuedNonce)
            .where(col(IssuedNonce.nonce) == nonce, col(IssuedNonce.expires_at) > now)
            .returning(col(IssuedNonce.expires_at))
        ).scalar_one_or_none()
        return found

    def forget_nonces(self, now: int) -> None:
        self._session.execute(delete(IssuedNonce).where(col(IssuedNonce.expires_at) <= now))

    # --- keys

    def session_keys(self) -> Sequence[SessionKey]:
        """By generation, upwards."""
        return self._session.exec(select(SessionKey).order_by(col(SessionKey.generation))).all()

    def add_key(self, key: SessionKey) -> bool:
        """False when there is one of this generation already."""
        added = self._session.execute(self._insert(key).on_conflict_do_nothing().returning(col(SessionKey.generation)))
        return added.scalar_one_or_none() is not None

    def drop_key(self, generation: int) -> None:
        self._session.execute(delete(SessionKey).where(col(SessionKey.generation) == generation))

    # --- revocations

    def revoke(self, session_id: str, until: int) -> None:
        """Add a revocation; one that is there ends at the later of both moments."""
        insert = self._insert(Revocation(session_id=session_id, until=until))
        self._session.execute(
            insert.on_conflict_do_update(
                index_elements=["session_id"],
                set_={"until": insert.excluded.until},
                where=col(Revocation.until) < insert.excluded.until,
            )
        )

    def revoked(self, session_id: str) -> bool:
        return self._session.get(Revocation, session_id) is not None

    def forget_revocations(self, now: int) -> None:
        self._session.execute(delete(Revocation).where(col(Revocation.until) <= now))

    def _insert(self, row: SQLModel) -> Any:
        """Both dialects know ON CONFLICT, by constructs of their own."""
        dialect = postgresql if self._session.get_bind().dialect.name == "postgresql" else sqlite
        return dialect.insert(type(row)).values(row.model_dump())
