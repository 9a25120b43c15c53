"""Conversations and messages. A user's own conversation is found by its id and the user; the project comes first in
everything after that."""

from collections.abc import Collection as Several
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.db.repositories.adding import table_of
from app.db.tables import ChainTransfer, ChatMessage, Collection, Conversation, MessagePiece, Token

_ADD_PIECE = sa.insert(table_of(MessagePiece))
# Built once: making these statements takes longer than running them.
_TRANSFERS = (
    sa.select(func.count())
    .select_from(ChainTransfer)
    .where(
        col(ChainTransfer.collection_id) == col(Conversation.collection_id),
        col(ChainTransfer.token_id) == col(Conversation.token_id),
        col(ChainTransfer.project_id) == col(Conversation.project_id),
    )
    .correlate(Conversation)
    .scalar_subquery()
)
_OPENING = (
    sa.select(Conversation, Collection, Token, _TRANSFERS)
    .join(Collection, col(Collection.id) == col(Conversation.collection_id))
    .join(
        Token,
        (col(Token.collection_id) == col(Conversation.collection_id))
        & (col(Token.token_id) == col(Conversation.token_id)),
    )
    .where(col(Conversation.id) == sa.bindparam("id"), col(Conversation.user) == sa.bindparam("user"))
)
_MINE = sa.select(Conversation).where(
    col(Conversation.id) == sa.bindparam("id"), col(Conversation.user) == sa.bindparam("user")
)
_MINE_LOCKED = _MINE.with_for_update()
_OF_CONVERSATION = (col(ChatMessage.project_id) == sa.bindparam("project")) & (
    col(ChatMessage.conversation_id) == sa.bindparam("id")
)
_STREAMING = (
    sa.select(col(ChatMessage.id))
    .where(_OF_CONVERSATION, col(ChatMessage.state) == "streaming", col(ChatMessage.beat_at) > sa.bindparam("since"))
    .limit(1)
)
_NEWEST = (
    sa.select(ChatMessage)
    .where(_OF_CONVERSATION)
    .order_by(col(ChatMessage.number).desc())
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_WENT_ON = (
    sa.update(Conversation)
    .where(
        col(Conversation.project_id) == sa.bindparam("project"), col(Conversation.id) == sa.bindparam("conversation")
    )
    .values(last=sa.bindparam("newest"), updated_at=sa.bindparam("now"))
    .execution_options(synchronize_session=False)
)
_ADD_MESSAGE = sa.insert(table_of(ChatMessage)).returning(col(ChatMessage.id))


class Chats:
    def __init__(self, session: Session) -> None:
        self._session = session

    # --- conversations

    def add(self, conversation: Conversation) -> None:
        self._session.add(conversation)
        self._session.flush()

    def mine(self, user: str, conversation_id: str, *, lock: bool = False) -> Conversation | None:
        """The conversation, when it is this user's. With `lock`, others who lock it wait until this unit ends."""
        query = _MINE_LOCKED if lock else _MINE
        return self._session.execute(query, {"id": conversation_id, "user": user}).scalar_one_or_none()

    def opening(self, user: str, conversation_id: str) -> tuple[Conversation, Collection, Token, int] | None:
        """The conversation, when it is this user's, what it is with, and how many transfers of the token were followed:
        what a turn begins with, in one statement."""
        found = self._session.execute(_OPENING, {"user": user, "id": conversation_id}).one_or_none()
        return None if found is None else (found[0], found[1], found[2], int(found[3]))

    def page(
        self, user: str, limit: int, *, before: tuple[int, str] | None = None, token: tuple[int, int] | None = None
    ) -> Sequence[Conversation]:
        """A user's conversations, the newest first, with a (updated_at, id) below `before`. `token` is (collection,
        token) when only one token's are meant."""
        query = select(Conversation).where(Conversation.user == user)
        if token is not None:
            query = query.where(Conversation.collection_id == token[0], Conversation.token_id == token[1])
        if before is not None:
            at, last = before
            query = query.where(
                (col(Conversation.updated_at) < at)
                | ((col(Conversation.updated_at) == at) & (col(Conversation.id) < last))
            )
        query = query.order_by(col(Conversation.updated_at).desc(), col(Conversation.id).desc()).limit(limit)
        return self._session.exec(query).all()

    def seal(self, project_id: int, conversation_id: str) -> None:
        self._session.execute(
            update(Conversation)
            .where(col(Conversation.project_id) == project_id, col(Conversation.id) == conversation_id)
            .values(sealed=True)
        )

    def remove(self, project_id: int, conversation_id: str) -> None:
        """The conversation with all its messages. What it cost stays."""
        ours = (col(ChatMessage.project_id) == project_id) & (col(ChatMessage.conversation_id) == conversation_id)
        pieces = select(ChatMessage.id).where(ours)
        self._session.execute(delete(MessagePiece).where(col(MessagePiece.message_id).in_(pieces)))
        self._session.execute(delete(ChatMessage).where(ours))
        self._session.execute(
            delete(Conversation).where(
                col(Conversation.project_id) == project_id, col(Conversation.id) == conversation_id
            )
        )

    def tenure(self, project_id: int, collection_id: int, token_id: int) -> int:
        """How many transfers of the token were followed."""
        query = (
            select(func.count())
            .select_from(ChainTransfer)
            .where(
                col(ChainTransfer.project_id) == project_id,
                col(ChainTransfer.collection_id) == collection_id,
                col(ChainTransfer.token_id) == token_id,
            )
        )
        return self._session.exec(query).one()

    # --- messages

    def save(self, row: Conversation | ChatMessage) -> None:
        self._session.add(row)
        self._session.flush()

    def add_message(self, message: ChatMessage) -> int:
        """Its id."""
        values = message.model_dump(exclude={"id"})
        return int(self._session.execute(_ADD_MESSAGE, values).scalar_one())

    def went_on(self, project_id: int, conversation_id: str, last: int, now: int) -> None:
        """A turn was begun; message `last` is its newest."""
        values = {"project": project_id, "conversation": conversation_id, "newest": last, "now": now}
        self._session.execute(_WENT_ON, values)

    def message(self, project_id: int, conversation_id: str, number: int) -> ChatMessage | None:
        query = _messages(project_id, conversation_id).where(ChatMessage.number == number)
        return self._session.exec(query).one_or_none()

    def by_client_key(self, project_id: int, conversation_id: str, key: str) -> ChatMessage | None:
        query = _messages(project_id, conversation_id).where(ChatMessage.client_key == key)
        return self._session.exec(query).one_or_none()

    def reply_of(self, project_id: int, conversation_id: str, number: int) -> ChatMessage | None:
        """The first reply to message `number`."""
        query = _messages(project_id, conversation_id).where(ChatMessage.reply_to == number)
        return self._session.exec(query.order_by(col(ChatMessage.number)).limit(1)).one_or_none()

    def messages(
        self, project_id: int, conversation_id: str, limit: int, *, before: int | None = None, after: int = 0
    ) -> Sequence[ChatMessage]:
        """The newest messages numbered below `before` and above `after`, oldest first."""
        if before is None and not after:
            values = {"project": project_id, "id": conversation_id, "limit": limit}
            return list(reversed(self._session.execute(_NEWEST, values).scalars().all()))
        query = _messages(project_id, conversation_id).where(col(ChatMessage.number) > after)
        if before is not None:
            query = query.where(col(ChatMessage.number) < before)
        return list(reversed(self._session.exec(query.order_by(col(ChatMessage.number).desc()).limit(limit)).all()))

    def streaming(self, project_id: int, conversation_id: str, since: int) -> bool:
        """Whether a reply is being written by a process that was seen after `since`."""
        values = {"project": project_id, "id": conversation_id, "since": since}
        return self._session.execute(_STREAMING, values).first() is not None

    def ask_to_cancel(self, project_id: int, conversation_id: str, number: int) -> None:
        self._session.execute(
            update(ChatMessage)
            .where(
                col(ChatMessage.project_id) == project_id,
                col(ChatMessage.conversation_id) == conversation_id,
                col(ChatMessage.number) == number,
                col(ChatMessage.state) == "streaming",
            )
            .values(cancel=True)
        )

    # --- replies that are being written: by message id, whoever's they are

    def beat(self, message_ids: Several[int], now: int) -> None:
        """The process that writes these replies is alive."""
        self._session.execute(update(ChatMessage).where(col(ChatMessage.id).in_(message_ids)).values(beat_at=now))

    def to_cancel(self, message_ids: Several[int]) -> Sequence[int]:
        query = select(ChatMessage.id).where(col(ChatMessage.id).in_(message_ids), col(ChatMessage.cancel).is_(True))
        return [found for found in self._session.exec(query) if found is not None]

    def add_pieces(self, pieces: Iterable[dict[str, Any]]) -> None:
        """Each: message_id, seq, project_id, body."""
        self._session.execute(_ADD_PIECE, list(pieces))

    def pieces(self, project_id: int, message_id: int) -> Sequence[MessagePiece]:
        """In order."""
        query = (
            select(MessagePiece)
            .where(
                MessagePiece.project_id == project_id,
                MessagePiece.message_id == message_id,
            )
            .order_by(col(MessagePiece.seq))
        )
        return self._session.exec(query).all()

    def drop_pieces(self, project_id: int, message_id: int) -> None:
        self._session.execute(
            delete(MessagePiece).where(
                col(MessagePiece.project_id) == project_id, col(MessagePiece.message_id) == message_id
            )
        )

    def dangling(self, before: int, *, lock: bool = False) -> Sequence[tuple[ChatMessage, Conversation]]:
        """Replies whose process was last seen before `before`, with their conversations. With `lock`, those that nobody
        else has locked."""
        query = (
            select(ChatMessage, Conversation)
            .join(Conversation, col(Conversation.id) == col(ChatMessage.conversation_id))
            .where(ChatMessage.state == "streaming", col(ChatMessage.beat_at) < before)
            .order_by(col(ChatMessage.id))
            .limit(100)
        )
        if lock:
            query = query.with_for_update(skip_locked=True, of=ChatMessage)
        return self._session.exec(query).all()


def _messages(project_id: int, conversation_id: str) -> SelectOfScalar[ChatMessage]:
    return select(ChatMessage).where(
        ChatMessage.project_id == project_id, ChatMessage.conversation_id == conversation_id
    )
