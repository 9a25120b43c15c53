"""What is to be done, who is doing it, and what has changed for readers."""

from enum import StrEnum

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class WorkState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Work(SQLModel, table=True):
    """A request for durable work. Commands and the web server write it; a worker starts the workflow of the same id."""

    __tablename__ = "work"

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id")
    collection_id: int = Field(foreign_key="collection.id", index=True)
    kind: str = Field(max_length=20)
    key: str = Field(unique=True, max_length=120)
    """Names the work; the same request again finds this row."""
    first: int = 0
    count: int = 0
    """The range of token ids it is about."""
    state: str = Field(default=WorkState.QUEUED, max_length=10, index=True)
    attempt: int = 0
    """Counts restarts after failure: part of the workflow id."""
    done: int = 0
    total: int = 0
    note: str = Field(default="", max_length=200)
    """What it is doing now, for people."""
    error_code: str = Field(default="", max_length=40)
    error: str = Field(default="", max_length=500)
    created_at: int = Field(sa_type=BigInteger)
    updated_at: int = Field(sa_type=BigInteger)


class Executor(SQLModel, table=True):
    """A worker process and how long it is believed alive without another word."""

    __tablename__ = "executor"

    id: str = Field(primary_key=True, max_length=60)
    application_version: str = Field(max_length=20)
    lease_until: int = Field(sa_type=BigInteger)


class Publication(SQLModel, table=True):
    """Something readers see has changed. Servers read on from the last `seq` they know and drop what they cached."""

    __tablename__ = "publication"

    seq: int = Field(primary_key=True, sa_type=BigInteger)
    collection_id: int
    token_id: int | None = None
    """None: the whole collection."""
    created_at: int = Field(sa_type=BigInteger)


class PublicationHead(SQLModel, table=True):
    """One row, locked by whoever publishes: so `seq` is dense and appears in the order of commits."""

    __tablename__ = "publication_head"

    id: int = Field(primary_key=True)
    seq: int = Field(sa_type=BigInteger)
