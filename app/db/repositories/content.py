"""What the gateway may serve."""

from collections.abc import Iterable, Sequence

from sqlmodel import Session, col, select

from app.db.tables import Content


class Contents:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, rows: Iterable[Content]) -> None:
        """Register content. The same bytes may belong to several tokens: what is there stays."""
        for row in rows:
            if self._session.get(Content, (row.cid, row.path)) is None:
                self._session.add(row)
        self._session.flush()

    def find(self, cid: str, path: str) -> Content | None:
        return self._session.get(Content, (cid, path))

    def below(self, cid: str) -> Sequence[Content]:
        """The files of a directory, by path."""
        query = select(Content).where(Content.cid == cid, Content.path != "").order_by(col(Content.path))
        return self._session.exec(query).all()
