"""Conversations and messages. A user's own conversation is found by its id and the user; the project comes first in
everything after that."""

from collections.abc import Collection as Several
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from app.db.tables import ChainTransfer, ChatMessage, Conversation, MessagePiece

_ADD_PIECE = sa.insert(MessagePiece)


class Chats:
    def __init__(self, session: Session) -> None:
        self._session = session

    # --- conversations

    def add(self, conversation: Conversation) -> None:
        self._session.add(conversation)
        self._session.flush()

    def mine(self, user: str, conversation_id: str, *, lock: bool = False) -> Conversation | None:
        """The conversation, when it is this user's. With `lock`, others who lock it wait until this unit ends."""
        query = select(Conversation).where(Conversation.id == conversation_id, Conversation.user == user)
        return self._session.exec(query.with_for_update() if lock else query).one_or_none()

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
        query = _messages(project_id, conversation_id).where(col(ChatMessage.number) > after)
        if before is not None:
            query = query.where(col(ChatMessage.number) < before)
        return list(reversed(self._session.exec(query.order_by(col(ChatMessage.number).desc()).limit(limit)).all()))

    def streaming(self, project_id: int, conversation_id: str) -> Sequence[ChatMessage]:
        """The replies that are being written."""
        return self._session.exec(
            _messages(project_id, conversation_id).where(ChatMessage.state == "streaming")
        ).all()

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

    def pieces(self, project_id: int, message_id: int, after: int = 0) -> Sequence[MessagePiece]:
        """In order, those that begin after event `after`."""
        query = (
            select(MessagePiece)
            .where(
                MessagePiece.project_id == project_id,
                MessagePiece.message_id == message_id,
                col(MessagePiece.seq) > after,
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

    def dangling(self, before: int) -> Sequence[tuple[ChatMessage, Conversation]]:
        """Replies whose process was last seen before `before`, with their conversations."""
        query = (
            select(ChatMessage, Conversation)
            .join(Conversation, col(Conversation.id) == col(ChatMessage.conversation_id))
            .where(ChatMessage.state == "streaming", col(ChatMessage.beat_at) < before)
            .order_by(col(ChatMessage.id))
            .limit(100)
        )
        return self._session.exec(query).all()


def _messages(project_id: int, conversation_id: str) -> Any:
    return select(ChatMessage).where(
        ChatMessage.project_id == project_id, ChatMessage.conversation_id == conversation_id
    )
