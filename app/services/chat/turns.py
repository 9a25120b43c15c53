"""Turns: a reply is asked for, told piece by piece, and finished, whoever listens or leaves.

begin    everything is decided and kept (see beginning)
ask      the platform is asked until its answer is whole (see answering)
tell     each piece is recorded before anybody gets it
finish   one transaction: the text, what it cost (once a key), what is remembered

A turn ends as complete, failed (what was told stays, with the problem) or cancelled. A turn whose process died is given
up by any other process a few seconds later, and keeps what was told.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

import structlog

from app.db.database import Database
from app.errors import DnftError, NotFound, PlatformUnavailable, StreamBroken, problem
from app.identity import Account
from app.services.chat.answering import Answering
from app.services.chat.beginning import Beginning
from app.services.chat.begun import Begun, Known
from app.services.chat.conversations import Conversations, find, last_events
from app.services.chat.finishing import Finishing, Outcome, Spending
from app.services.chat.intents import Intent
from app.services.chat.live import Live
from app.services.chat.recording import Piece, Recorder, Threads
from app.services.chat.seams import Names
from app.services.chat.transcripts import Told, encode_piece

log = structlog.get_logger("chat")

_KEPT_SECONDS: Final = 60.0
"""How long a finished reply stays in memory, for those who come back."""
_POLL: Final = 0.1


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn as its sender sees it. `live` is None when another process writes it, or it is over."""

    conversation_id: str
    user: int
    reply: int
    live: Live | None = None


class Turns:
    """For one event loop at a time."""

    def __init__(
        self,
        database: Database,
        beginning: Beginning,
        answering: Answering,
        finishing: Finishing,
        conversations: Conversations,
        names: Names,
        threads: Threads,
        *,
        longest_seconds: float = 900.0,
        beat_seconds: float = 5.0,
    ) -> None:
        self._database = database
        self._beginning = beginning
        self._answering = answering
        self._finishing = finishing
        self._conversations = conversations
        self._names = names
        self._threads = threads
        self._recorder = Recorder(database, threads)
        self._longest = longest_seconds
        self._beat_seconds = beat_seconds
        self._live: dict[tuple[str, int], Live] = {}

    # --- for users

    async def begin(self, account: Account, conversation_id: str, intent: Intent) -> Turn:
        """Begin a turn, or find the one that this request began before. Raises as `Beginning.begin` does. The turn goes
        on whether or not anybody follows it."""
        begun = await self._threads.run(self._beginning.begin, account, conversation_id, intent)
        if isinstance(begun, Known):
            return Turn(conversation_id, begun.user, begun.reply, self._live.get((conversation_id, begun.reply)))
        live = self._begun(begun)
        return Turn(conversation_id, begun.user, begun.reply, live)

    async def follow(self, account: Account, turn: Turn, after: int = 0) -> AsyncGenerator[Told, None]:
        """Every event of the reply after event `after`, until `done`."""
        events = turn.live.follow(after) if turn.live is not None else self._stored(account, turn, after)
        async with aclosing(events):
            async for told in events:
                yield told

    async def find(self, account: Account, conversation_id: str, number: int) -> Turn:
        """The turn of a reply. Raises NotFound."""
        row = await self._threads.run(self._reply_row, account, conversation_id, number)
        return Turn(conversation_id, row, number, self._live.get((conversation_id, number)))

    async def cancel(self, account: Account, conversation_id: str, number: int) -> None:
        """End a reply; what was told stays. One that is over already is no error. Raises NotFound."""
        turn = await self.find(account, conversation_id, number)
        if turn.live is not None:
            turn.live.cancel()
            await turn.live.finished.wait()
            return
        await self._threads.run(self._ask_to_cancel, account, conversation_id, number)

    async def end_all(self, account: Account, conversation_id: str) -> None:
        """End the replies of a conversation that this process writes. Raises NotFound."""
        await self._threads.run(self._conversations.get, account, conversation_id)
        for live in [each for each in self._live.values() if each.conversation_id == conversation_id]:
            live.cancel()
            await live.finished.wait()

    async def wait(self, account: Account, turn: Turn) -> None:
        """Until the reply is over, in whatever process it is written."""
        async with aclosing(self.follow(account, turn)) as events:
            async for _ in events:
                pass

    @property
    def running(self) -> int:
        """Replies that this process is writing."""
        return sum(1 for live in self._live.values() if not live.finished.is_set())

    # --- one turn

    def _begun(self, begun: Begun) -> Live:
        async def record(told: Any) -> None:
            if not begun.conversation.off_record:
                piece = Piece(begun.message_id, told[0].seq, begun.scope.project_id, begun.box, encode_piece(told))
                await self._recorder.append(piece)

        live = Live(begun.conversation.id, begun.message_id, begun.user, begun.reply, record)
        self._live[live.conversation_id, live.reply] = live
        live.task = asyncio.get_running_loop().create_task(self._run(begun, live))
        return live

    async def _run(self, begun: Begun, live: Live) -> None:
        outcome, spending = Outcome("complete"), Spending()
        try:
            async with asyncio.timeout(self._longest):
                await self._answering.ask(begun, live, outcome, spending)
        except asyncio.CancelledError:
            outcome.state = "cancelled" if live.cancelled else "failed"
            if not live.cancelled:
                outcome.error = StreamBroken("The server was stopped while it wrote this.", hint="Write it anew.")
        except TimeoutError:
            outcome.state, outcome.error = "failed", PlatformUnavailable("The answer took too long.")
        except DnftError as error:
            outcome.state, outcome.error = "failed", error
        except Exception:
            log.exception("turn failed", conversation=live.conversation_id, number=live.reply)
            outcome.state = "failed"
            outcome.error = DnftError("Something went wrong on our side.", hint="It was logged; write it anew.")
        if outcome.error is not None:
            log.info("reply failed", code=outcome.error.code, number=live.reply, told=len(live.told))
        await asyncio.shield(asyncio.ensure_future(self._finish(begun, live, outcome, spending)))

    async def _finish(self, begun: Begun, live: Live, outcome: Outcome, spending: Spending) -> None:
        try:
            await live.settle()
        except Exception as error:
            log.warning("pieces were not kept", why=type(error).__name__)
        last: list[tuple[str, dict[str, Any]]]
        try:
            last = await self._threads.run(self._finishing.finish, begun, list(live.told), outcome, spending)
        except Exception as error:
            # The reply stays `streaming` in its row, and is given up in a moment with what was told.
            log.exception("reply could not be finished", number=live.reply)
            told = error if isinstance(error, DnftError) else DnftError("Something went wrong on our side.")
            last = [("error", problem(told)), ("done", {"number": live.reply, "state": "failed"})]
        live.end(last)
        key = (live.conversation_id, live.reply)
        asyncio.get_running_loop().call_later(_KEPT_SECONDS, self._live.pop, key, None)

    # --- replies that this process does not write

    def _reply_row(self, account: Account, conversation_id: str, number: int) -> int:
        with self._database.read() as unit:
            row = find(unit, self._names(account), conversation_id)
            message = unit.chats.message(row.project_id, row.id, number)
        if message is None or message.reply_to is None:
            raise NotFound("This conversation has no such reply.")
        return message.reply_to

    def _ask_to_cancel(self, account: Account, conversation_id: str, number: int) -> None:
        with self._database.write() as unit:
            row = find(unit, self._names(account), conversation_id)
            unit.chats.ask_to_cancel(row.project_id, row.id, number)

    def _look(self, account: Account, turn: Turn) -> tuple[list[Told], bool]:
        """The events stored so far, and whether they are all."""
        with self._database.read() as unit:
            row = find(unit, self._names(account), turn.conversation_id)
            message = unit.chats.message(row.project_id, row.id, turn.reply)
            if message is None:
                raise NotFound("This conversation has no such reply.")
            told = self._conversations.told(unit, row, message)
        if message.state == "streaming":
            return told, False
        ends = [Told(len(told) + at, event, data) for at, (event, data) in enumerate(last_events(message), 1)]
        return told + ends, True

    async def _stored(self, account: Account, turn: Turn, after: int) -> AsyncGenerator[Told, None]:
        while True:
            told, whole = await self._threads.run(self._look, account, turn)
            for each in told[after:]:
                after = each.seq
                yield each
            if whole:
                return
            await asyncio.sleep(_POLL)

    # --- keeping house

    async def keep(self) -> None:
        """Runs as long as the process: says that it lives, looks for cancellations that came to other processes, gives
        up replies whose process died."""
        beaten = swept = float("-inf")
        clock = asyncio.get_running_loop().time
        while True:
            try:
                running = {live.message_id: live for live in self._live.values() if not live.finished.is_set()}
                if running:
                    beat = clock() - beaten >= self._beat_seconds
                    for message_id in await self._threads.run(self._finishing.beat, list(running), beat):
                        running[message_id].cancel()
                    beaten = clock() if beat else beaten
                if clock() - swept >= self._beat_seconds:
                    await self._threads.run(self._finishing.sweep)
                    swept = clock()
            except Exception as error:  # whatever it is, the next round tries again
                log.warning("housekeeping of replies failed", why=f"{type(error).__name__}: {error}"[:300])
            await asyncio.sleep(min(0.5, self._beat_seconds))
