"""Wires everything: settings in, a World out. The only place where the clock and randomness enter.

Whoever needs another collaborator (a test, the demo) passes it by keyword; nothing is patched.
"""

import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from app.adapters.agent_nft import AgentNft
from app.adapters.chain_web3 import Web3Chain
from app.adapters.clocks import ShiftedClock
from app.adapters.key_file import kept_key, read_key
from app.adapters.kubo import KuboStore
from app.adapters.platform_auth import ApiKey, Credentials, Es256Credentials, TokenOptions
from app.adapters.platform_clients import HttpOptions
from app.adapters.platform_gateway import GatewayOptions, GatewayPlatform
from app.adapters.platform_openai import OpenAiOptions, OpenAiPlatform
from app.adapters.purge_http import HttpPurger
from app.adapters.purge_memory import NoPurger
from app.adapters.replicas import Replica, Replicas
from app.adapters.signature_web3 import Web3Signatures
from app.adapters.signer import KeystoreSigner, LocalSigner
from app.adapters.store_files import FileStore
from app.adapters.workshop import InlineWorkshop, ProcessWorkshop
from app.db.database import Database
from app.errors import ConfigurationError, Invalid
from app.identity import SignatureChecker
from app.ports import AgentContract, AgentPlatform, CachePurger, ChainReader, ChainWriter, Clock, Signer, Workshop
from app.provenance.ids import AgentId
from app.services.births import Births
from app.services.commits import Commits
from app.services.deploying import Deploying
from app.services.following import Following
from app.services.identity_stores import DatabaseNonces, DatabaseRevocations, DatabaseSessionKeys
from app.services.keyring import KeyRing
from app.services.minting import Minting
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


@dataclass(frozen=True, slots=True)
class Chain:
    """Both sides of one chain; usually one object."""

    reader: ChainReader
    writer: ChainWriter


class World:
    """The service put together, each part made when it is first asked for."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        calendar: Clock | None = None,
        replicas: Sequence[Replica] | None = None,
        chains: Mapping[int, Chain] | None = None,
        signer: Signer | None = None,
        purger: CachePurger | None = None,
        platform: AgentPlatform | None = None,
        signatures: SignatureChecker | None = None,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        """Security clock: always real."""
        self.calendar: Clock = calendar or (
            self.clock if settings.env == "production" else ShiftedClock(self.clock, settings.data / "calendar")
        )
        """Days and blocks: what a demo may move."""
        self.entropy = entropy
        self.sleep = sleep
        self.contract: AgentContract = AgentNft()
        self._replicas = replicas
        self._chains = dict(chains or {})
        self._signer = signer
        self._purger = purger
        self._platform = platform
        self._signatures = signatures

    # --- the world outside

    @cached_property
    def database(self) -> Database:
        return Database(self.settings.database)

    @cached_property
    def store(self) -> FileStore:
        """Our own copy of everything published: what the gateway reads."""
        return FileStore(self.settings.data / "content")

    @cached_property
    def replicas(self) -> Replicas:
        """Everywhere published content is kept."""
        found = self._replicas
        if found is None:
            found = [Replica(self.store, self.store)]
            if self.settings.kubo_api:
                kubo = KuboStore(self.settings.kubo_api)
                found.append(Replica(kubo, kubo))
        return Replicas(found, self.settings.wanted_replicas)

    def chain(self, chain_id: int) -> Chain:
        """The chain of that id; ConfigurationError when no endpoint is set."""
        if chain_id not in self._chains:
            url = self.settings.rpc_urls.get(chain_id)
            if url is None:
                raise ConfigurationError([f"DNFT_RPC_URLS names no endpoint for chain {chain_id}."])
            web3 = Web3Chain(
                url.get_secret_value(),
                timeout=self.settings.rpc_timeout,
                finality_depth=self.settings.finality_depth,
            )
            self._chains[chain_id] = Chain(web3, web3)
        return self._chains[chain_id]

    @cached_property
    def signer(self) -> Signer:
        """The sending account; ConfigurationError when none is set."""
        if self._signer is not None:
            return self._signer
        settings = self.settings
        if settings.keystore is not None:
            password = settings.keystore_password.get_secret_value() if settings.keystore_password else ""
            if not password and settings.keystore_password_file is not None:
                password = settings.keystore_password_file.read_text(encoding="utf-8").rstrip("\n")
            return KeystoreSigner(settings.keystore, password)
        if settings.raw_key is not None:
            return LocalSigner(bytes.fromhex(settings.raw_key.get_secret_value().removeprefix("0x")))
        raise ConfigurationError(["DNFT_KEYSTORE is not set; make one with `dnft wallet new`."])

    @cached_property
    def purger(self) -> CachePurger:
        if self._purger is not None:
            return self._purger
        settings = self.settings
        if settings.purge_url is None:
            return NoPurger()
        token = settings.purge_token.get_secret_value() if settings.purge_token else None
        return HttpPurger(settings.purge_url, settings.purge_style, token)

    @cached_property
    def workshop(self) -> Workshop:
        """Where pictures are drawn."""
        lanes = self.settings.lanes
        return InlineWorkshop() if lanes == 1 else ProcessWorkshop(lanes)

    @cached_property
    def platform(self) -> AgentPlatform:
        """Where the models are; ConfigurationError when none is set."""
        settings = self.settings
        if self._platform is not None:
            return self._platform
        if settings.platform_url is not None:
            options = GatewayOptions(HttpOptions(settings.platform_url))
            return GatewayPlatform(options, self._platform_credentials(), clock=self.clock, entropy=self.entropy)
        if settings.model_url is not None:
            key = settings.model_key
            return OpenAiPlatform(
                OpenAiOptions(HttpOptions(settings.model_url), settings.model_name or ""),
                ApiKey(key.get_secret_value()) if key is not None else None,
                clock=self.clock,
                entropy=self.entropy,
            )
        raise ConfigurationError(["Neither DNFT_PLATFORM_URL nor DNFT_MODEL_URL is set: there is no model to ask."])

    def _platform_credentials(self) -> Credentials:
        settings = self.settings
        if settings.platform_signing_key is None:
            return ApiKey(settings.platform_key.get_secret_value() if settings.platform_key else "")
        return Es256Credentials(
            settings.platform_signing_key.read_bytes(),
            TokenOptions(
                settings.platform_issuer, settings.platform_audience, settings.platform_tenant, settings.platform_tier
            ),
            clock=self.clock,
            entropy=self.entropy,
        )

    @cached_property
    def signatures(self) -> SignatureChecker:
        """Who signed something, on the chains that have an endpoint."""
        settings = self.settings
        urls = {chain_id: url.get_secret_value() for chain_id, url in settings.rpc_urls.items()}
        return self._signatures or Web3Signatures(urls, timeout=settings.rpc_timeout)

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
        settings, file = self.settings, self.settings.session_key_file
        if settings.session_secret is not None:
            sealing_key = bytes.fromhex(settings.session_secret.get_secret_value())
        else:
            sealing_key = read_key(file) if settings.env == "production" else kept_key(file, self.entropy)
        store = DatabaseSessionKeys(self.database)
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
    def packs(self) -> Packs:
        return Packs(self.database)

    @cached_property
    def polishing(self) -> Polishing:
        return Polishing(self.platform)

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
        """Let go of the database and of our processes."""
        if "workshop" in self.__dict__:
            self.workshop.close()
        if "database" in self.__dict__:
            self.database.close()

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
