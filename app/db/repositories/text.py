"""Versions of BEAUVOIR.md. Rows are only ever added. The project comes first in every method."""

from collections.abc import Sequence

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from app.db.tables import Token, Version


class Texts:
    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, project_id: int, collection_id: int, token_id: int) -> Sequence[Version]:
        """Every version of a token's text, oldest first."""
        query = (
            select(Version)
            .where(
                Version.project_id == project_id, Version.collection_id == collection_id, Version.token_id == token_id
            )
            .order_by(col(Version.number))
        )
        return self._session.exec(query).all()

    def set_head(self, project_id: int, collection_id: int, token_id: int, *, expected: int, version: Version) -> bool:
        """Add a version and make it the newest, if `expected` still is; returns whether it was."""
        moved = self._session.execute(
            update(Token)
            .where(
                col(Token.project_id) == project_id,
                col(Token.collection_id) == collection_id,
                col(Token.token_id) == token_id,
                col(Token.document) == expected,
            )
            .values(document=version.number)
        )
        if moved.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult
            return False
        self._session.add(version)
        return True

    def by_model(self, project_id: int, collection_id: int, first: int, count: int) -> int:
        """How many tokens of the range have a newest text that a model wrote."""
        query = (
            select(func.count())
            .select_from(Token)
            .join(
                Version,
                (col(Version.collection_id) == col(Token.collection_id))
                & (col(Version.token_id) == col(Token.token_id))
                & (col(Version.number) == col(Token.document)),
            )
            .where(
                col(Token.project_id) == project_id,
                col(Token.collection_id) == collection_id,
                col(Token.token_id) >= first,
                col(Token.token_id) < first + count,
                col(Version.trigger) == "polish",
            )
        )
        return self._session.exec(query).one()
