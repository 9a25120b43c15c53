"""What agents remember of those who talk with them, sealed under the key of its scope (see `app.scope`)."""

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

_SCOPE = ("project_id", "collection_id", "token_id", "tenure", "user")


class DataKey(SQLModel, table=True):
    """The key of one scope, wrapped by the vault. Without it nothing of the scope can be read, here or in any copy."""

    __tablename__ = "data_key"
    __table_args__ = (
        UniqueConstraint(*_SCOPE, name="uq_data_key_scope"),
        Index("ix_data_key_user", "user", "project_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id")
    collection_id: int = Field(foreign_key="collection.id")
    token_id: int
    tenure: int
    user: str = Field(max_length=32)
    wrapped: bytes | None = Field(default=None, sa_type=LargeBinary, repr=False)
    """None when it was destroyed; a user who comes back gets another."""
    created_at: int = Field(sa_type=BigInteger)
    sealed_at: int | None = Field(default=None, sa_type=BigInteger)
    """When a transfer ended the tenure: from then on only its own user reads it, and nothing is remembered from it."""
    destroyed_at: int | None = Field(default=None, sa_type=BigInteger)


class Memory(SQLModel, table=True):
    """One thing a user told. At most 200 a scope."""

    __tablename__ = "memory"
    __table_args__ = (Index("ix_memory_scope", *_SCOPE), Index("ix_memory_user", "user", "project_id"))

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id")
    collection_id: int = Field(foreign_key="collection.id")
    token_id: int
    tenure: int
    user: str = Field(max_length=32)
    kind: str = Field(max_length=10)
    sealed: bytes = Field(sa_type=LargeBinary, repr=False)
    """Canonical JSON of text, words, when, relation."""
    importance: int
    """1–10."""
    day: str = Field(max_length=10)
    """Day it was last said."""
    message_id: int | None = Field(default=None, sa_type=BigInteger)
    """The message it was said in."""
    used_at: int | None = Field(default=None, sa_type=BigInteger)
    """When it last was part of a prompt."""
    valid_to: str | None = Field(default=None, max_length=10)
    """Day from which something newer holds instead."""


class Summary(SQLModel, table=True):
    """What is left of a scope's older talk."""

    __tablename__ = "summary"
    __table_args__ = (UniqueConstraint(*_SCOPE, name="uq_summary_scope"), Index("ix_summary_user", "user"))

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id")
    collection_id: int = Field(foreign_key="collection.id")
    token_id: int
    tenure: int
    user: str = Field(max_length=32)
    sealed: bytes = Field(sa_type=LargeBinary, repr=False)
    """Canonical JSON of `app.folding.Digest`."""
    updated_at: int = Field(sa_type=BigInteger)


class Erasure(SQLModel, table=True):
    """That a user of a project was erased: a tombstone this database has obeyed."""

    __tablename__ = "erasure"
    __table_args__ = (UniqueConstraint("project_id", "user", "erased_at", name="uq_erasure"),)

    id: int | None = Field(default=None, primary_key=True)
    project_id: int
    """No foreign key: the log of erasures may name a project that a restored database does not have yet."""
    user: str = Field(max_length=32)
    erased_at: int = Field(sa_type=BigInteger)
