"""Every query of the service, by subject. A `Unit` holds one session and hands out the repositories bound to it."""

from functools import cached_property

from sqlmodel import Session

from app.db.repositories.belongings import Belongings
from app.db.repositories.chain import Chains
from app.db.repositories.charges import Charges
from app.db.repositories.chat import Chats
from app.db.repositories.content import Contents
from app.db.repositories.costs import Costs
from app.db.repositories.identity import Identities
from app.db.repositories.memory import Memories
from app.db.repositories.platform_calls import PlatformCalls
from app.db.repositories.public import PublicReads
from app.db.repositories.tenancy import Collections
from app.db.repositories.text import Texts
from app.db.repositories.token import Tokens
from app.db.repositories.work import Works

__all__ = ["Unit"]


class Unit:
    """One unit of work. Nothing is committed but by the `with` block that opened it."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @cached_property
    def public(self) -> PublicReads:
        return PublicReads(self.session)

    @cached_property
    def collections(self) -> Collections:
        return Collections(self.session)

    @cached_property
    def tokens(self) -> Tokens:
        return Tokens(self.session)

    @cached_property
    def texts(self) -> Texts:
        return Texts(self.session)

    @cached_property
    def contents(self) -> Contents:
        return Contents(self.session)

    @cached_property
    def chains(self) -> Chains:
        return Chains(self.session)

    @cached_property
    def memories(self) -> Memories:
        return Memories(self.session)

    @cached_property
    def belongings(self) -> Belongings:
        return Belongings(self.session)

    @cached_property
    def works(self) -> Works:
        return Works(self.session)

    @cached_property
    def identities(self) -> Identities:
        return Identities(self.session)

    @cached_property
    def chats(self) -> Chats:
        return Chats(self.session)

    @cached_property
    def charges(self) -> Charges:
        return Charges(self.session)

    @cached_property
    def costs(self) -> Costs:
        return Costs(self.session)

    @cached_property
    def platform_calls(self) -> PlatformCalls:
        return PlatformCalls(self.session)

    def flush(self) -> None:
        """Send pending rows to the database, so that generated ids are known."""
        self.session.flush()
