"""Who may talk, and in whose scope. Asked before every message, of the chain's latest block."""

from dataclasses import dataclass

from app.db.database import Database
from app.db.repositories import Unit
from app.db.tables import Collection, Conversation, Token
from app.errors import Burned, ChainUnavailable, Forbidden, NotFound, Sealed, UnknownCollection
from app.identity import Account
from app.ports import Address
from app.provenance.ids import AgentId
from app.scope import Scope
from app.services.chat.seams import Owners

MAX_STORED_ID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Place:
    """A token that can be talked with."""

    collection: Collection
    token: Token
    tenure: int
    """Transfers followed."""

    @property
    def project_id(self) -> int:
        return self.collection.project_id

    @property
    def collection_id(self) -> int:
        assert self.collection.id is not None, "rows read from the database have ids"
        return self.collection.id


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account is to a token now."""

    role: str
    """owner | guest"""
    tenure: int
    owner: Address | None


class Access:
    def __init__(self, database: Database, owners: Owners) -> None:
        self._database = database
        self._owners = owners

    def place(self, unit: Unit, agent: AgentId) -> Place:
        """Raises UnknownCollection, NotFound for a token that is not shown, Burned."""
        collection = unit.public.collection(agent.chain_id, agent.contract.lower())
        if collection is None or collection.id is None:
            raise UnknownCollection("No collection of this service has that chain and contract.")
        token = unit.public.token(collection.id, agent.token_id) if agent.token_id <= MAX_STORED_ID else None
        if token is None:
            raise NotFound("There is no such agent to talk with.")
        tenure = unit.chats.tenure(token.project_id, token.collection_id, token.token_id)
        return shown(collection, token, tenure)

    def standing(self, place: Place, account: Account) -> Standing:
        """Asks the chain: not within a unit. Raises ChainUnavailable.

        An address of another chain may be somebody else there (contract accounts), so owners sign in on the token's
        own chain."""
        collection, token = place.collection, place.token
        key = (collection.chain_id, collection.contract or "", token.token_id)
        owner, tenure = self._owners.owner(*key), place.tenure
        if not _same(owner, token.owner):
            # Either what we know of the chain is a few seconds old, or the follower is behind.
            owner = self._owners.owner(*key, fresh=True)
            with self._database.read() as unit:
                tenure = unit.chats.tenure(place.project_id, place.collection_id, token.token_id)
                followed = unit.public.token(place.collection_id, token.token_id)
            if not _same(owner, followed.owner if followed is not None else None):
                tenure += 1  # a transfer that the follower has not seen: its tenure has begun all the same
        mine = owner is not None and _same(owner, account.address) and account.chain_id == collection.chain_id
        return Standing("owner" if mine else "guest", tenure, owner)

    def admit(self, place: Place, account: Account) -> Standing:
        """Who begins a talk. Raises Forbidden where guests may not, ChainUnavailable."""
        return _allowed(place, self.standing(place, account))

    def require(self, place: Place, account: Account, conversation: Conversation) -> Standing:
        """Who goes on with a talk. A transfer since its beginning seals it, for good. Raises Sealed, Forbidden,
        ChainUnavailable."""
        if conversation.sealed:
            raise _sealed()
        standing = self.standing(place, account)
        if standing.tenure < conversation.tenure:
            # A reorg took a transfer back; in a moment we know whether it comes again.
            raise ChainUnavailable("The chain is being reorganised.", hint="Ask again in a few seconds.")
        if standing.tenure != conversation.tenure or (conversation.role == "owner" and standing.role != "owner"):
            with self._database.write() as unit:
                unit.chats.seal(conversation.project_id, conversation.id)
            raise _sealed()
        return _allowed(place, standing)


def _allowed(place: Place, standing: Standing) -> Standing:
    if standing.role == "guest" and not place.collection.guests:
        raise Forbidden(
            "Only its owner may talk with this agent.",
            hint=f"Sign in with the owner's wallet on chain {place.collection.chain_id}.",
        )
    return standing


def scope_of(conversation: Conversation) -> Scope:
    return Scope(
        conversation.project_id,
        conversation.collection_id,
        conversation.token_id,
        conversation.tenure,
        conversation.user,
    )


def shown(collection: Collection, token: Token, tenure: int) -> Place:
    """Raises Burned, NotFound."""
    if token.burned:
        raise Burned("This token was burned.")
    if token.head == 0:
        raise NotFound("There is no such agent to talk with.")
    return Place(collection, token, tenure)


def _same(one: str | None, other: str | None) -> bool:
    return (one or "").lower() == (other or "").lower()


def _sealed() -> Sealed:
    return Sealed(
        "The token has a new owner since this conversation began; it can be read, and nothing can be added.",
        hint="Begin a new conversation.",
    )
