"""Reads of the public surface. Public documents have no tenant: the address in the URL is the key.

The hot one, `shown`, is a single statement over two primary keys and one unique index.
"""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import SQLColumnExpression, func
from sqlmodel import Session, col, select

from app.db.tables import Birth, Collection, Publication, PublicationHead, Snapshot, Token, Version


class Shown(NamedTuple):
    """A token's hosted answer as stored."""

    collection_id: int
    snapshot: int
    minted: bool
    burned: bool
    body: bytes
    gzip: bytes
    br: bytes
    sha256: str
    modified: int


def _shown(wanted: SQLColumnExpression[int]) -> sa.Executable:
    """Built once: making the statement takes longer than running it."""
    return (
        sa.select(
            col(Token.collection_id),
            col(Snapshot.n),
            col(Token.minted),
            col(Token.burned),
            col(Snapshot.hosted),
            col(Snapshot.hosted_gzip),
            col(Snapshot.hosted_br),
            col(Snapshot.hosted_sha256),
            col(Snapshot.created_at),
        )
        .join(Collection, col(Collection.id) == col(Token.collection_id))
        .join(
            Snapshot,
            (col(Snapshot.collection_id) == col(Token.collection_id))
            & (col(Snapshot.token_id) == col(Token.token_id))
            & (col(Snapshot.n) == wanted),
        )
        .where(
            col(Collection.chain_id) == sa.bindparam("chain_id"),
            col(Collection.contract) == sa.bindparam("contract"),
            col(Token.token_id) == sa.bindparam("token_id"),
            col(Snapshot.n) <= col(Token.head),
        )
    )


_HEAD = _shown(col(Token.head))
_NUMBERED = _shown(sa.bindparam("n", type_=sa.Integer))


class PublicReads:
    def __init__(self, session: Session) -> None:
        self._session = session

    def collection(self, chain_id: int, contract: str) -> Collection | None:
        query = select(Collection).where(Collection.chain_id == chain_id, Collection.contract == contract)
        return self._session.exec(query).one_or_none()

    def collections(self) -> Sequence[Collection]:
        query = select(Collection).where(col(Collection.contract).is_not(None)).order_by(col(Collection.id))
        return self._session.exec(query).all()

    def shown(self, chain_id: int, contract: str, token_id: int, n: int | None = None) -> Shown | None:
        """The snapshot at the head, or snapshot `n` if it has been shown; None when there is none."""
        values = {"chain_id": chain_id, "contract": contract, "token_id": token_id}
        row = (
            self._session.execute(_HEAD, values) if n is None else self._session.execute(_NUMBERED, {**values, "n": n})
        )
        found = row.one_or_none()
        return None if found is None else Shown(*found)

    def token(self, collection_id: int, token_id: int) -> Token | None:
        return self._session.get(Token, (collection_id, token_id))

    def birth(self, collection_id: int, token_id: int) -> Birth | None:
        return self._session.get(Birth, (collection_id, token_id))

    def version(self, collection_id: int, token_id: int, number: int) -> Version | None:
        return self._session.get(Version, (collection_id, token_id, number))

    def snapshot(self, collection_id: int, token_id: int, n: int) -> Snapshot | None:
        return self._session.get(Snapshot, (collection_id, token_id, n))

    def history(self, collection_id: int, token_id: int, head: int) -> Sequence[Snapshot]:
        """Snapshots that have been shown, newest first."""
        query = (
            select(Snapshot)
            .where(Snapshot.collection_id == collection_id, Snapshot.token_id == token_id, col(Snapshot.n) <= head)
            .order_by(col(Snapshot.n).desc())
        )
        return self._session.exec(query).all()

    def gallery(self, collection_id: int, after: int, limit: int) -> Sequence[tuple[Token, Snapshot]]:
        """Shown tokens with an id above `after`, by id, with their head snapshots."""
        query = (
            select(Token, Snapshot)
            .join(
                Snapshot,
                (col(Snapshot.collection_id) == Token.collection_id)
                & (col(Snapshot.token_id) == Token.token_id)
                & (col(Snapshot.n) == Token.head),
            )
            .where(Token.collection_id == collection_id, col(Token.token_id) > after, col(Token.burned).is_(False))
            .order_by(col(Token.token_id))
            .limit(limit)
        )
        return self._session.exec(query).all()

    def counts(self, collection_id: int) -> tuple[int, int]:
        """(shown, minted) tokens of a collection."""
        shown = select(func.count()).where(col(Token.collection_id) == collection_id, col(Token.head) > 0)
        minted = select(func.count()).where(col(Token.collection_id) == collection_id, col(Token.minted).is_(True))
        return self._session.exec(shown).one(), self._session.exec(minted).one()

    def publications(self, after: int, limit: int) -> Sequence[tuple[int, int, int | None]]:
        """(seq, collection, token or None) of what was published after `after`."""
        query = (
            select(Publication.seq, Publication.collection_id, Publication.token_id)
            .where(col(Publication.seq) > after)
            .order_by(col(Publication.seq))
            .limit(limit)
        )
        return self._session.exec(query).all()

    def last_publication(self) -> int:
        return self._session.exec(select(PublicationHead.seq)).one()
