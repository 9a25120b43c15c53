"""Polishing: a model is asked to improve a text, told what is wrong with its answer, and asked again a few times. What
passes is a draft; when nothing does, the writer's own text stays."""

import hashlib

import structlog

from app.dialogue import Ask, Message
from app.errors import BudgetExhausted, PlatformDenied, PlatformRefused
from app.ports import AgentPlatform
from app.provenance.ids import AgentId
from personalities import Draft, Pack, Personality, Problem
from personalities.polishing import ATTEMPTS, judge, polish_messages, prompt_hash, read_answer

log = structlog.get_logger("polish")


class Polishing:
    def __init__(self, platform: AgentPlatform) -> None:
        self._platform = platform

    def draft(self, agent: AgentId, personality: Personality, pack: Pack, document: str) -> Draft | None:
        """A better text for `personality`, or None when the model wrote none that passes in three attempts, or the
        platform will not serve us. Raises PlatformUnavailable and PlatformLimited: a retry helps."""
        failed: list[tuple[str, list[Problem]]] = []
        for attempt in range(1, ATTEMPTS + 1):
            messages = polish_messages(personality, pack, document, failed)
            digest = prompt_hash(messages)
            ask = Ask(
                agent=str(agent),
                messages=[Message(role, content) for role, content in messages],
                # The same question for the same agent has the same key: who was killed does not pay twice for it.
                key="polish-" + hashlib.sha256(f"{agent} {digest}".encode()).hexdigest(),
                pool="native",
                metadata={"task": "polish"},
            )
            try:
                reply = self._platform.invoke(ask)
            except (BudgetExhausted, PlatformDenied, PlatformRefused) as refusal:
                log.warning("text stays unpolished", agent=str(agent), why=refusal.message)
                return None
            text = read_answer(reply.content, personality)
            problems = judge(text, personality, pack, document)
            if not problems:
                return Draft(text, reply.model or self._platform.name, digest, attempt)
            log.info("draft refused", agent=str(agent), attempt=attempt, problems=len(problems), first=problems[0].what)
            failed.append((reply.content, problems))
        return None
