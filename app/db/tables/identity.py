"""Signing in: what was given out, what signs, and what ended early. It belongs to the site, not to a project."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class IssuedNonce(SQLModel, table=True):
    """A nonce that was given out and not used yet."""

    __tablename__ = "nonce"

    nonce: str = Field(primary_key=True, max_length=32)
    expires_at: int = Field(sa_type=BigInteger, index=True)


class SessionKey(SQLModel, table=True):
    """A key that signs sessions, sealed."""

    __tablename__ = "session_key"

    generation: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kid: str = Field(max_length=8)
    sealed: bytes = Field(repr=False)
    created_at: int = Field(sa_type=BigInteger)


class Revocation(SQLModel, table=True):
    """A session that was ended before its time."""

    __tablename__ = "revocation"

    session_id: str = Field(primary_key=True, max_length=32)
    until: int = Field(sa_type=BigInteger, index=True)
    """From here on the session could not be renewed anyway, and the row may go."""
