"""The agent gateway: what happens to a valid ask of a known session.

In the platform's order: alias, rate limit, pool, ensemble, budget, then the speaker; usage settles the budget.
"""

import asyncio
from time import monotonic
from typing import Any, Final, Literal

import structlog

from app.standins.platform.asking import Asked
from app.standins.platform.budgets import Account, Budgets
from app.standins.platform.limits import TierLimit
from app.standins.platform.options import Options
from app.standins.platform.refusals import Refusal, resume_lost
from app.standins.platform.sessions import Session
from app.standins.platform.speaking import Ask, Speaker, SpeakerFailed
from app.standins.platform.tiers import RULES, charged_cents, cost, dollars, pool_for, reserved_cents
from app.standins.platform.turns import Turn, TurnBook

log = structlog.get_logger("platform")

Kind = Literal["invoke", "stream"]
_CEILING: Final = 300
"""`max_cost_micro_cents` that the gateway tells the model's side, by its name three times the reserved cents."""
_YIELD_EVERY: Final = 8
"""Events between two turns of the event loop, when a speaker has many at once."""


class Gateway:
    def __init__(self, options: Options, speaker: Speaker, budgets: Budgets) -> None:
        self._options = options
        self._speaker = speaker
        self.budgets = budgets
        self._limit = TierLimit(monotonic) if options.limits else None
        self._book = TurnBook(options.buffer_turns)
        self._running: set[asyncio.Task[None]] = set()

    def start(self, kind: Kind, session: Session, key: str, asked: Asked) -> Turn:
        """Admit the ask and start its turn. A key that was used before gets a new one. Raises what the gateway refuses
        with: 400, 402, 403 or 429."""
        account = (session.community, session.user, key)
        pool = self._admit(session, asked)
        cents = reserved_cents(pool, asked.prompt_tokens, kind, tools=bool(asked.tools))
        self.budgets.reserve(account, cents)
        turn = Turn(self._options.buffer_events)
        self._book.put(account, turn)
        metadata = {**asked.metadata, "max_cost_micro_cents": cents * _CEILING}
        ask = Ask(asked.agent, asked.messages, pool, asked.tools, metadata)
        turn.task = asyncio.get_running_loop().create_task(self._write(turn, ask, account, asked.prompt_tokens))
        self._running.add(turn.task)
        turn.task.add_done_callback(lambda task: self._ended(task, account, turn))
        return turn

    def resume(self, session: Session, key: str, asked: Asked) -> Turn:
        """The turn of this key, to be listened to again; limits count as for a new one. Raises 409 when it is gone."""
        self._admit(session, asked)
        turn = self._book.get((session.community, session.user, key))
        if turn is None:
            raise resume_lost()
        return turn

    def join(self, turn: Turn) -> None:
        """Somebody listens."""
        turn.listeners += 1

    def leave(self, turn: Turn) -> None:
        """Nobody may be left: then the turn has a while to be resumed in."""
        turn.listeners -= 1
        if not turn.listeners and not turn.finished:
            asyncio.get_running_loop().call_later(self._options.linger_seconds, _abandon, turn)

    async def reply(self, turn: Turn) -> dict[str, Any]:
        """The whole answer as one object. Raises what the turn failed with."""
        while not turn.finished:
            await turn.news(turn.last, self._options.heartbeat_seconds)
        if turn.failure is not None:
            raise turn.failure
        said = turn.said
        body: dict[str, Any] = {"content": "".join(said.text)}
        if said.thoughts:
            body["thinking"] = "".join(said.thoughts)
        if said.calls:
            body["toolCalls"] = [{"id": c.id, "name": c.name, "arguments": c.arguments} for c in said.calls]
        return body | {"usage": turn.usage, "metadata": {"model": self._speaker.name}}

    async def health(self) -> dict[str, Any]:
        """The body of GET /api/agents/health. The store of state is this process, so it is well."""
        before = monotonic()
        healthy = await self._speaker.healthy()
        milliseconds = round((monotonic() - before) * 1000)
        return {
            "loaFinn": {"healthy": healthy, "latencyMs": milliseconds},
            "redis": {"healthy": True, "latencyMs": 0},
        }

    async def close(self) -> None:
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._speaker.close()

    def _admit(self, session: Session, asked: Asked) -> str:
        if asked.alias is not None and asked.alias not in RULES[session.tier].aliases:
            raise Refusal(403, "MODEL_NOT_ALLOWED", "Model not available for your tier.")
        if self._limit is not None:
            self._limit.check(
                community=session.community, user=session.user, channel=session.channel, tier=session.tier
            )
        if asked.ensemble is not None:
            raise Refusal(400, "ENSEMBLE_DISABLED", "Ensemble orchestration is not enabled.")
        return pool_for(asked.alias, session.tier)

    async def _write(self, turn: Turn, ask: Ask, account: Account, prompt_tokens: int) -> None:
        try:
            async for piece in self._speaker.speak(ask):
                turn.add(piece)
                if turn.last % _YIELD_EVERY == 0:  # else listeners might see nothing before the buffer runs over
                    await asyncio.sleep(0)
        except SpeakerFailed as failure:
            # Only a refusal gives the reservation back at once; after an outage it lapses, for the model may have run.
            if 400 <= failure.status < 500:
                self.budgets.cancel(account)
            turn.fail(Refusal(failure.status, "UPSTREAM_ERROR", failure.message))
        except Exception:
            log.exception("the speaker broke")
            turn.fail(Refusal(500, "INTERNAL_ERROR", "An unexpected error occurred."))
        else:
            units = cost(ask.pool, prompt_tokens, turn.said.tokens)
            self.budgets.finalize(account, charged_cents(units))
            turn.complete(
                {"promptTokens": prompt_tokens, "completionTokens": turn.said.tokens, "costUsd": dollars(units)}
            )

    def _ended(self, task: asyncio.Task[None], account: Account, turn: Turn) -> None:
        self._running.discard(task)
        if not turn.finished:  # it was cancelled
            self._book.drop(account, turn)
            turn.fail(resume_lost())


def _abandon(turn: Turn) -> None:
    if not turn.listeners and turn.task is not None:
        turn.task.cancel()
