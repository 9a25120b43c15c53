"""Talks to test with: agents of holders on a chain in memory, and a platform in memory that says what a test wants.

house = talking(folder)                   # token 0 is Alice's, token 1 is Bob's, token 2 is not minted
talk = house.start(ALICE)
said = asyncio.run(house.say(ALICE, talk, "Hello"))
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel, select

from app.adapters.agent_nft import AgentNft
from app.adapters.platform_memory import MemoryPlatform, Speaker, echo
from app.adapters.signer import LocalSigner
from app.db.tables import Charge, ChatMessage
from app.dialogue import Ask, Event
from app.identity import Account
from app.provenance.ids import AgentId
from app.services.chat import CONSENT, Chat, Intent, Turn
from app.services.chat.transcripts import Told, text_of
from app.services.owning import Owning
from tests.services import rig as rigs
from tests.services.rig import CHAIN_ID, Rig, make_rig

ALICE, BOB, CAROL = (Account(CHAIN_ID, key.address) for key in (rigs.ALICE, rigs.BOB, rigs.CAROL))
AGENT = AgentNft()


class HeldPlatform(MemoryPlatform):
    """Falls silent in the middle of an answer when it is told to: until it is let go, the reply is being written."""

    def __init__(self, speaker: Speaker = echo) -> None:
        super().__init__(speaker)
        self._held_after: int | None = None
        self._going = asyncio.Event()
        self._going.set()

    def hold_after(self, events: int) -> None:
        """From now on, streams say so many events and no more."""
        self._held_after = events
        self._going.clear()

    def let_go(self) -> None:
        """Those that are held say the rest, and later ones are not held. Call it in the event loop."""
        self._going.set()

    async def stream(self, ask: Ask, *, after: str | None = None) -> AsyncGenerator[tuple[str, Event], None]:
        said = 0
        async with aclosing(super().stream(ask, after=after)) as events:
            async for each in events:
                yield each
                said += 1
                if said == self._held_after:
                    await self._going.wait()


@dataclass
class House:
    rig: Rig
    platform: HeldPlatform
    collection: int
    neighbours: "list[House]" = field(default_factory=list)

    def close(self) -> None:
        for house in self.neighbours:
            house.close()
        self.rig.world.close()

    @property
    def chat(self) -> Chat:
        return self.rig.world.chat

    def agent(self, token_id: int = 0) -> AgentId:
        return AgentId(CHAIN_ID, self.rig.contract(self.collection), token_id)

    def start(self, account: Account = ALICE, token_id: int = 0, *, off_record: bool = False) -> str:
        """Id of a new conversation."""
        talk = self.chat.conversations.start(account, self.agent(token_id), CONSENT.version, off_record=off_record)
        return talk.row.id

    async def begin(self, account: Account, talk: str, text: str = "Hello", **intent: Any) -> Turn:
        return await self.chat.turns.begin(account, talk, Intent(**{"text": text, **intent}))

    async def follow(self, account: Account, turn: Turn, after: int = 0) -> list[Told]:
        async with aclosing(self.chat.turns.follow(account, turn, after)) as events:
            return [told async for told in events]

    async def say(self, account: Account, talk: str, text: str = "Hello", **intent: Any) -> "Said":
        """A whole turn."""
        turn = await self.begin(account, talk, text, **intent)
        return Said(turn, await self.follow(account, turn))

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[None]:
        """The housekeeping of a server process runs within the block."""
        task = asyncio.get_running_loop().create_task(self.chat.turns.keep())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def transfer(self, token_id: int, sender: LocalSigner, to: LocalSigner) -> None:
        """A transfer that nobody has followed yet."""
        contract = self.rig.contract(self.collection)
        self.rig.send(AGENT.call(contract, "transferFrom", sender.address, to.address, token_id), sender)

    def messages(self, account: Account, talk: str) -> list[dict[str, Any]]:
        return self.chat.conversations.messages(account, talk)[0]

    def rows(self, table: type[SQLModel]) -> list[Any]:
        with self.rig.world.database.read() as unit:
            return list(unit.session.exec(select(table)).all())

    def charges(self) -> list[Charge]:
        return sorted(self.rows(Charge), key=lambda charge: (charge.number, not charge.first))

    def message_rows(self) -> list[ChatMessage]:
        return sorted(self.rows(ChatMessage), key=lambda row: row.number)

    def another(self) -> "House":
        """The same house as another web process has it."""
        first = self.rig.world
        made = make_rig(first.settings.data, _url(self.rig), chain=self.rig.chain, platform=self.platform)
        house = House(made, self.platform, self.collection)
        self.neighbours.append(house)
        return house


@dataclass(frozen=True)
class Said:
    """A turn that is over."""

    turn: Turn
    told: list[Told]

    @property
    def text(self) -> str:
        return text_of(self.told)

    @property
    def kinds(self) -> list[str]:
        return [told.event for told in self.told]

    @property
    def state(self) -> str:
        assert self.told[-1].event == "done"
        return str(self.told[-1].data["state"])

    @property
    def error(self) -> str:
        """Code of the problem; empty when there is none."""
        return next((str(told.data["code"]) for told in self.told if told.event == "error"), "")


def talking(
    folder: Path,
    database_url: str | None = None,
    *,
    speaker: Speaker = echo,
    **settings: Any,
) -> House:
    platform = HeldPlatform(speaker)
    rig = make_rig(folder, database_url, platform=platform, settings=settings)
    world = rig.world
    world.owning = Owning(lambda chain_id: world.chain(chain_id).reader, fresh_seconds=0)
    world.packs.keep("dixie")
    collection = rig.deployed(supply=6)
    world.births.make(rig.project, collection, 0, 3)
    world.publishing.publish(rig.project, collection, 0, 3)
    rig.committed(collection)
    rig.minted(collection, [rigs.ALICE.address, rigs.BOB.address])
    rig.follow(collection)
    return House(rig, platform, collection)


def _url(rig: Rig) -> str | None:
    url = rig.world.settings.database_url
    return url.get_secret_value() if url is not None else None


async def told(turn: Turn, words: int) -> str:
    """What was told of a reply that this house is writing, as soon as it is so many words."""
    live = turn.live
    assert live is not None
    async with asyncio.timeout(30), aclosing(live.follow()) as events:
        async for _ in events:
            if len(text_of(live.told).split()) >= words:
                return text_of(live.told)
    raise AssertionError(f"the reply ended before it had {words} words")


def problem_of(row: ChatMessage) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(row.error)
    return found
