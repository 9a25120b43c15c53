"""What we have asked of the agent platform, in sums."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class PlatformCall(SQLModel, table=True):
    """How often one capability of the platform was used, and how it went. Of the whole installation: projects share the
    credentials."""

    __tablename__ = "platform_call"

    capability: str = Field(primary_key=True, max_length=20)
    last_at: int = Field(sa_type=BigInteger)
    ok_count: int = Field(sa_type=BigInteger)
    error_count: int = Field(sa_type=BigInteger)
    last_error: str = Field(default="", max_length=60)
    """Code of the newest failure."""
