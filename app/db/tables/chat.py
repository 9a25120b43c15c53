"""What was said, and what it cost. What is private is sealed under the scope's key; nothing here says who a user is."""

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel


class Conversation(SQLModel, table=True):
    """One user's talk with one token, within one tenure."""

    __tablename__ = "conversation"
    __table_args__ = (
        Index("ix_conversation_user", "user", "updated_at"),
        Index("ix_conversation_token", "collection_id", "token_id"),
    )

    id: str = Field(primary_key=True, max_length=32)
    """32 random hex digits."""
    project_id: int = Field(foreign_key="project.id")
    collection_id: int = Field(foreign_key="collection.id")
    token_id: int
    tenure: int
    user: str = Field(max_length=32)
    """Pseudonym of the account."""
    role: str = Field(max_length=10)
    """owner | guest"""
    off_record: bool = False
    consent: str = Field(max_length=20)
    """Version of the paragraph that was agreed to."""
    sealed: bool = False
    """A transfer ended it: it can be read by its own user, and nothing is added."""
    last: int = 0
    """Number of the newest message."""
    folded: int = 0
    """Messages up to this number are part of the rolling summary."""
    created_at: int = Field(sa_type=BigInteger)
    updated_at: int = Field(sa_type=BigInteger)


class ChatMessage(SQLModel, table=True):
    """One message. A reply is `streaming` while it is written; then its text is in pieces."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("conversation_id", "number", name="uq_message_number"),
        UniqueConstraint("conversation_id", "client_key", name="uq_message_client_key"),
        Index("ix_message_state", "state", "beat_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id")
    conversation_id: str = Field(foreign_key="conversation.id", max_length=32)
    number: int
    role: str = Field(max_length=10)
    """user | assistant"""
    state: str = Field(max_length=10)
    """streaming | complete | failed | cancelled"""
    body: bytes = Field(default=b"", sa_type=LargeBinary)
    """The text, sealed; empty off the record and while streaming."""
    events: bytes = Field(default=b"", sa_type=LargeBinary)
    """The events that brought a reply, sealed; empty where the text is."""
    reply_to: int | None = None
    """The message that a reply answers."""
    replaces: int | None = None
    """The message that an edit or a regeneration stands for: one that replaces another adds no weight to evolution."""
    client_key: str | None = Field(default=None, max_length=128)
    """Idempotency-Key of the request that brought it."""
    pool: str = Field(default="", max_length=20)
    reason: str = Field(default="", max_length=300)
    """Why that pool, for people."""
    model: str = Field(default="", max_length=100)
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_micro: int | None = Field(default=None, sa_type=BigInteger)
    error: str = Field(default="", max_length=1000)
    """Problem JSON of what failed; no chat text."""
    cancel: bool = False
    """Somebody wants it to stop; the process that writes it looks for this."""
    beat_at: int = Field(default=0, sa_type=BigInteger)
    """When the process that writes it was last seen alive."""
    created_at: int = Field(sa_type=BigInteger)


class MessagePiece(SQLModel, table=True):
    """Events of a reply that is being written, stored before they are sent; gone when the reply is whole."""

    __tablename__ = "message_piece"

    message_id: int = Field(primary_key=True)
    """No foreign key: the pieces of many replies go in together, and one that is erased meanwhile must not stop the
    others. Whoever ends a reply drops its pieces, also when the message is gone."""
    seq: int = Field(primary_key=True)
    """Number of its first event."""
    project_id: int = Field(foreign_key="project.id")
    body: bytes = Field(sa_type=LargeBinary)


class Charge(SQLModel, table=True):
    """What one key cost at the platform. `reserved` before it is asked, then `settled`, or `void` when nothing came of
    it. A reply has one charge, and another for every new key it needed."""

    __tablename__ = "charge"
    __table_args__ = (
        Index("ix_charge_day", "project_id", "day", "state", "first", "cost_micro", "reserved_micro"),
        Index("ix_charge_user", "user", "created_at"),
        Index("ix_charge_token", "collection_id", "token_id", "day"),
        Index("ix_charge_message", "conversation_id", "number"),
    )

    key: str = Field(primary_key=True, max_length=128)
    """Idempotency key."""
    project_id: int = Field(foreign_key="project.id")
    collection_id: int = Field(foreign_key="collection.id")
    token_id: int
    user: str = Field(max_length=32)
    conversation_id: str = Field(max_length=32)
    """Stays when the conversation is deleted: what was spent was spent."""
    number: int
    """Of the reply."""
    first: bool = True
    """Whether it is the reply's first: these are counted as messages."""
    day: str = Field(max_length=10)
    """UTC day, YYYY-MM-DD."""
    pool: str = Field(max_length=20)
    task: str = Field(max_length=20)
    reason: str = Field(default="", max_length=300)
    platform: str = Field(default="", max_length=40)
    state: str = Field(max_length=10)
    """reserved | settled | void"""
    reserved_micro: int = Field(sa_type=BigInteger)
    cost_micro: int = Field(default=0, sa_type=BigInteger)
    """Micro-USD, once settled."""
    estimated: bool = False
    """Settled without the platform's word: the price list times what was sent and came."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    created_at: int = Field(sa_type=BigInteger)
    settled_at: int | None = Field(default=None, sa_type=BigInteger)
