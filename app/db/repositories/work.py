"""The queue of durable work, the leases of those who do it, and the feed of what readers must see anew."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from app.db.repositories.adding import add_or_find
from app.db.tables import Executor, Publication, PublicationHead, Work, WorkState


class Works:
    def __init__(self, session: Session) -> None:
        self._session = session

    # --- work

    def request(self, work: Work) -> Work:
        """Add work, or find the row of the same key. Work that failed is queued again as the next attempt."""
        found = self.by_key(work.key) or add_or_find(self._session, work, lambda: self.by_key(work.key))
        if found.state == WorkState.FAILED:
            found.state, found.error, found.error_code, found.note = WorkState.QUEUED, "", "", ""
            found.attempt += 1
            found.updated_at = work.updated_at
            self._session.add(found)
        return found

    def by_key(self, key: str) -> Work | None:
        return self._session.exec(select(Work).where(Work.key == key)).one_or_none()

    def get(self, work_id: int) -> Work:
        return self._session.exec(select(Work).where(Work.id == work_id)).one()

    def unfinished(self) -> Sequence[Work]:
        query = select(Work).where(col(Work.state).in_((WorkState.QUEUED, WorkState.RUNNING))).order_by(col(Work.id))
        return self._session.exec(query).all()

    def recent(self, project_id: int, limit: int) -> Sequence[Work]:
        query = select(Work).where(Work.project_id == project_id).order_by(col(Work.id).desc()).limit(limit)
        return self._session.exec(query).all()

    def report(self, work_id: int, now: int, **changes: str | int) -> None:
        """Set columns of a work row (state, done, total, note, error, error_code)."""
        self._session.execute(update(Work).where(col(Work.id) == work_id).values(updated_at=now, **changes))

    # --- executors

    def lease(self, executor: Executor) -> None:
        """Say that an executor lives until its lease ends."""
        self._session.merge(executor)

    def executors(self) -> Sequence[Executor]:
        return self._session.exec(select(Executor).order_by(col(Executor.id))).all()

    def drop_executor(self, executor_id: str) -> None:
        self._session.execute(delete(Executor).where(col(Executor.id) == executor_id))

    # --- publications

    def publish(self, collection_id: int, token_ids: Iterable[int | None], now: int) -> int:
        """Tell every server to read these tokens (None: the whole collection) anew; returns the last seq.

        Takes the head row's lock, so that rows become visible in the order of their numbers.
        """
        wanted = list(token_ids)
        last = self._session.execute(
            update(PublicationHead)
            .where(col(PublicationHead.id) == 1)
            .values(seq=col(PublicationHead.seq) + len(wanted))
            .returning(col(PublicationHead.seq))
        ).scalar_one()
        first = last - len(wanted) + 1
        self._session.add_all(
            Publication(seq=first + at, collection_id=collection_id, token_id=token_id, created_at=now)
            for at, token_id in enumerate(wanted)
        )
        return int(last)

    def forget_publications(self, before: int) -> None:
        """Drop publications older than `before` (unix seconds): no server is that far behind without a restart."""
        self._session.execute(delete(Publication).where(col(Publication.created_at) < before))
