"""Everything kept about one user of a project, whatever it is: to be shown to them, and to be erased."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, func, update
from sqlmodel import Session, col, select

from app.db.repositories.memory import of, scope_of
from app.db.tables import Charge, ChatMessage, Conversation, DataKey, Erasure, Memory, MessagePiece, Summary
from app.scope import Tombstone


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of a user there is, or was."""

    keys: int = 0
    memories: int = 0
    summaries: int = 0
    conversations: int = 0
    messages: int = 0

    def __bool__(self) -> bool:
        return any((self.keys, self.memories, self.summaries, self.conversations, self.messages))

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.keys + other.keys,
            self.memories + other.memories,
            self.summaries + other.summaries,
            self.conversations + other.conversations,
            self.messages + other.messages,
        )


class Belongings:
    def __init__(self, session: Session) -> None:
        self._session = session

    # --- to be shown

    def keys(self, project_id: int, user: str) -> Sequence[DataKey]:
        """Of every scope of the user, in a fixed order."""
        order = (col(DataKey.collection_id), col(DataKey.token_id), col(DataKey.tenure))
        query = select(DataKey).where(DataKey.project_id == project_id, DataKey.user == user)
        return self._session.exec(query.order_by(*order)).all()

    def memory(self, project_id: int, user: str, memory_id: int) -> Memory | None:
        query = select(Memory).where(Memory.project_id == project_id, Memory.user == user, Memory.id == memory_id)
        return self._session.exec(query).one_or_none()

    def conversations(self, project_id: int, user: str) -> Sequence[Conversation]:
        query = select(Conversation).where(Conversation.project_id == project_id, Conversation.user == user)
        return self._session.exec(query.order_by(col(Conversation.created_at), col(Conversation.id))).all()

    def messages(self, project_id: int, user: str, conversation_id: str) -> Sequence[ChatMessage]:
        query = (
            select(ChatMessage)
            .join(Conversation, col(Conversation.id) == ChatMessage.conversation_id)
            .where(
                Conversation.project_id == project_id,
                Conversation.user == user,
                Conversation.id == conversation_id,
                ChatMessage.project_id == project_id,
            )
            .order_by(col(ChatMessage.number))
        )
        return self._session.exec(query).all()

    def projects(self, user: str) -> Sequence[int]:
        """The projects that keep anything of a user: a holder does not know what is whose."""
        living = select(DataKey.project_id).where(DataKey.user == user, col(DataKey.wrapped).is_not(None))
        rows = {*self._session.exec(living.distinct())}
        rows |= {*self._session.exec(select(Conversation.project_id).where(Conversation.user == user).distinct())}
        return sorted(rows)

    # --- to be erased

    def count(self, project_id: int, user: str, until: int | None = None) -> Counts:
        """What `erase` would take."""
        total = Counts()
        for key in self._living(project_id, user, until):
            scope = scope_of(key)
            memories = self._session.exec(select(func.count()).select_from(Memory).where(*of(Memory, scope))).one()
            summaries = self._session.exec(select(func.count()).select_from(Summary).where(*of(Summary, scope))).one()
            total += Counts(keys=1, memories=memories, summaries=summaries)
        talks = _talks(project_id, user, until)
        conversations = self._session.exec(select(func.count()).select_from(Conversation).where(talks)).one()
        messages = self._session.exec(
            select(func.count())
            .select_from(ChatMessage)
            .where(col(ChatMessage.conversation_id).in_(select(Conversation.id).where(talks)))
        ).one()
        return total + Counts(conversations=conversations, messages=messages)

    def erase(self, project_id: int, user: str, *, now: int, today: str, until: int | None = None) -> Counts:
        """Destroy the keys of the user's scopes, and delete what they closed; with `until`, only what was there then.

        today (YYYY-MM-DD): what was charged before it forgets who for; today's keeps it, or erasing would give a new
        allowance."""
        counts = self.count(project_id, user, until)
        for key in self._living(project_id, user, until, lock=True):
            scope = scope_of(key)
            self._session.execute(delete(Memory).where(*of(Memory, scope)))
            self._session.execute(delete(Summary).where(*of(Summary, scope)))
            key.wrapped, key.destroyed_at = None, now
            self._session.add(key)
        talks = select(Conversation.id).where(_talks(project_id, user, until))
        messages = col(ChatMessage.conversation_id).in_(talks)
        self._session.execute(
            delete(MessagePiece).where(col(MessagePiece.message_id).in_(select(ChatMessage.id).where(messages)))
        )
        self._session.execute(delete(ChatMessage).where(messages))
        self._session.execute(delete(Conversation).where(_talks(project_id, user, until)))
        old = (col(Charge.project_id) == project_id, col(Charge.user) == user, col(Charge.day) < today)
        self._session.execute(update(Charge).where(*old).values(user=""))
        self._session.flush()
        return counts

    def _living(self, project_id: int, user: str, until: int | None, *, lock: bool = False) -> Sequence[DataKey]:
        query = select(DataKey).where(
            DataKey.project_id == project_id,
            DataKey.user == user,
            *((col(DataKey.created_at) <= until,) if until is not None else ()),
            col(DataKey.wrapped).is_not(None),
        )
        return self._session.exec(query.with_for_update() if lock else query).all()

    # --- tombstones

    def bury(self, project_id: int, user: str, erased_at: int) -> None:
        """Note that this database has obeyed a tombstone."""
        if not self.buried(project_id, user, erased_at):
            self._session.add(Erasure(project_id=project_id, user=user, erased_at=erased_at))
            self._session.flush()

    def buried(self, project_id: int, user: str, erased_at: int) -> bool:
        query = select(Erasure.id).where(
            Erasure.project_id == project_id, Erasure.user == user, Erasure.erased_at == erased_at
        )
        return self._session.exec(query).one_or_none() is not None

    def tombstones(self) -> Sequence[Tombstone]:
        """Every one this database has obeyed, oldest first."""
        rows = self._session.exec(select(Erasure).order_by(col(Erasure.id))).all()
        return [Tombstone(row.project_id, row.user, row.erased_at) for row in rows]


def _talks(project_id: int, user: str, until: int | None) -> ColumnElement[bool]:
    return and_(
        col(Conversation.project_id) == project_id,
        col(Conversation.user) == user,
        *((col(Conversation.created_at) <= until,) if until is not None else ()),
    )
