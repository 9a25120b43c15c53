"""Wires everything: settings in, a World out. The only place where the clock and randomness enter.

Whoever needs another collaborator (a test, the demo) passes it by keyword; nothing is patched.
"""

import os
import secrets
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from app.adapters.platform_absent import AbsentPlatform
from app.adapters.platform_openai import OpenAiPlatform
from app.adapters.platform_recording import RecordedPlatform
from app.adapters.tombstones_file import FileTombstones
from app.errors import Invalid
from app.outside import Chain as Chain
from app.outside import Outside
from app.ports import (
    Clock,
)
from app.provenance.ids import AgentId
from app.services.belongings import Belongings
from app.services.births import Births
from app.services.chat import Chat, Limits, Options
from app.services.commits import Commits
from app.services.costs import Costs
from app.services.deploying import Deploying
from app.services.erasing import Erasing
from app.services.following import Following
from app.services.identity_stores import DatabaseNonces, DatabaseRevocations, DatabaseSessionKeys
from app.services.keyring import KeyRing
from app.services.memory import Remembering
from app.services.minting import Minting
from app.services.owning import Owning
from app.services.packs import Packs
from app.services.polishing import Polishing
from app.services.publishing import Publishing
from app.services.reading import Reading
from app.services.revealing import Revealing
from app.services.sessions import Sessions
from app.services.transactions import Transactions
from app.services.versions import Versions
from app.settings import Settings
from personalities import Draft, Pack, Personality


class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class World(Outside):
    """The service put together, each part made when it is first asked for."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
        **parts: Any,
    ) -> None:
        """`parts` are those of `Outside`, for whoever brings their own."""
        super().__init__(settings, clock=clock or SystemClock(), entropy=entropy, **parts)

    # --- use cases

    @cached_property
    def sessions(self) -> Sessions:
        settings = self.settings
        return Sessions(
            signatures=self.signatures,
            nonces=DatabaseNonces(self.database),
            keys=self.keyring,
            revocations=DatabaseRevocations(self.database),
            clock=self.clock,
            entropy=self.entropy,
            origin=settings.origin,
            chain_ids=settings.rpc_urls,
            challenge_seconds=settings.challenge_seconds,
            token_seconds=settings.token_seconds,
            session_seconds=settings.session_seconds,
        )

    @cached_property
    def keyring(self) -> KeyRing:
        """The keys of sessions; ConfigurationError when what seals them cannot be had."""
        settings, store = self.settings, DatabaseSessionKeys(self.database)
        sealing_key = self._key("DNFT_SESSION_SECRET", settings.session_secret, settings.session_key_file)
        return KeyRing(store, self.clock, self.entropy, sealing_key, token_seconds=settings.token_seconds)

    @cached_property
    def reading(self) -> Reading:
        return Reading(self.database, self.store)

    @cached_property
    def births(self) -> Births:
        return Births(self.database, self.replicas, self.calendar, self.packs.of, self.workshop, self._polished)

    def _polished(self, agent: AgentId, personality: Personality, pack: Pack, document: str) -> Draft | None:
        # Asked only where a collection wants it, so a world without a platform can give birth all the same.
        return self.polishing.draft(agent, personality, pack, document)

    @cached_property
    def owning(self) -> Owning:
        return Owning(lambda chain_id: self.chain(chain_id).reader)

    @cached_property
    def chat(self) -> Chat:
        """Talking with agents. Without a platform nobody answers, and what was said can be read all the same."""
        settings = self.settings
        configured = self._platform or settings.platform_url or settings.model_url
        return Chat(
            self.database,
            self.owning,
            self.memory,
            self.pseudonym,
            self.platform if configured else AbsentPlatform(),
            self.packs.of,
            clock=self.clock,
            calendar=self.calendar,
            entropy=self.entropy,
            limits=Limits(
                holder_minute=settings.chat_messages_per_minute,
                holder_day=settings.chat_messages_per_day,
                token_day=settings.chat_token_messages_per_day,
                holder_micro=settings.chat_holder_micro_per_day,
                token_micro=settings.chat_token_micro_per_day,
                project_micro=settings.chat_project_micro_per_day,
            ),
            options=Options(
                tier=settings.platform_tier,
                scenes=settings.platform_scene,
                history_tokens=settings.chat_history_tokens,
                stale_seconds=settings.chat_stale_seconds,
            ),
        )

    @cached_property
    def packs(self) -> Packs:
        return Packs(self.database)

    @cached_property
    def polishing(self) -> Polishing:
        return Polishing(self.platform)

    @cached_property
    def costs(self) -> Costs:
        return Costs(
            self.database,
            self.clock,
            lambda: self.platform.budget(),
            day_limit_micro=self.settings.chat_project_micro_per_day,
        )

    @cached_property
    def versions(self) -> Versions:
        return Versions(self.database, self.replicas, self.clock, self.calendar, self.packs.of, self.workshop)

    @cached_property
    def revealing(self) -> Revealing:
        return Revealing(self.database, self.contract, self.clock)

    @cached_property
    def publishing(self) -> Publishing:
        return Publishing(self.database, self.purger, self.clock, self.sleep)

    @cached_property
    def deploying(self) -> Deploying:
        return Deploying(self.database, self.contract, self.clock)

    @cached_property
    def commits(self) -> Commits:
        return Commits(self.database, self.contract, self.clock)

    @cached_property
    def minting(self) -> Minting:
        return Minting(self.database, self.contract, self.clock)

    def transactions(self, chain_id: int) -> Transactions:
        chain = self.chain(chain_id)
        return Transactions(self.database, chain.reader, chain.writer, self.signer, self.clock, self.sleep)

    def following(self, chain_id: int) -> Following:
        return Following(self.database, self.chain(chain_id).reader, self.clock)

    def close(self) -> None:
        """Let go of the database, of connections and of our processes, and write what is still to be written."""
        platform = self.__dict__.get("platform")
        if isinstance(platform, RecordedPlatform | OpenAiPlatform):
            platform.close()
        if "workshop" in self.__dict__:
            self.workshop.close()
        if "database" in self.__dict__:
            self.database.close()

    def settle(self) -> None:
        """Write what was counted of the platform's calls."""
        platform = self.__dict__.get("platform")
        if isinstance(platform, RecordedPlatform):
            platform.flush()

    # --- identity of this process

    def project_id(self) -> int:
        """Id of the project commands work for."""
        with self.database.write() as unit:
            project = unit.collections.project(self.settings.project, int(self.clock.now().timestamp()))
        assert project.id is not None
        return project.id

    def executor_id(self) -> str:
        """A name no other process has: host, process id, and chance."""
        return f"{socket.gethostname()[:30]}-{os.getpid()}-{self.entropy(4).hex()}"

    def new_seed(self, text: str | None) -> str:
        """A collection seed: the one given (64 hex digits), or a fresh one."""
        if text is None:
            return self.entropy(32).hex()
        if len(text) != 64:
            raise Invalid("A seed is 64 hex digits.")
        return text.lower()

    # --- private words

    @cached_property
    def memory(self) -> Remembering:
        return Remembering(self.database, self.boxes, self.clock, self.calendar)

    @cached_property
    def belongings(self) -> Belongings:
        return Belongings(self.database, self.boxes)

    @cached_property
    def erasing(self) -> Erasing:
        return Erasing(self.database, FileTombstones(self.settings.data / "erased.jsonl"), self.clock)
