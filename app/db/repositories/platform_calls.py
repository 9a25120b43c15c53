"""Sums of what was asked of the agent platform. They belong to the installation, so no project comes first."""

from collections.abc import Sequence

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.db.repositories.adding import add_or_find
from app.db.tables import PlatformCall


class PlatformCalls:
    def __init__(self, session: Session) -> None:
        self._session = session

    def all(self) -> Sequence[PlatformCall]:
        return self._session.exec(select(PlatformCall).order_by(col(PlatformCall.capability))).all()

    def add(self, capability: str, *, ok: int, errors: int, last_error: str, at: int) -> None:
        """Add to a capability's counts. `last_error` is kept when there were errors."""

        def find() -> PlatformCall | None:
            return self._session.get(PlatformCall, capability)

        if find() is None:
            add_or_find(self._session, PlatformCall(capability=capability, last_at=at, ok_count=0, error_count=0), find)
        # In the statement, not in the row that was read: another process may be adding too.
        changes = {
            "ok_count": col(PlatformCall.ok_count) + ok,
            "error_count": col(PlatformCall.error_count) + errors,
            "last_at": at,
            **({"last_error": last_error} if errors else {}),
        }
        self._session.execute(update(PlatformCall).where(col(PlatformCall.capability) == capability).values(**changes))
