"""The world outside, as this process reaches it: database, stores, chains, platforms, keys. Each part is made when it
is first asked for, and can be given instead."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import SecretStr

from app.adapters.agent_nft import AgentNft
from app.adapters.chain_web3 import Web3Chain
from app.adapters.clocks import ShiftedClock
from app.adapters.key_file import kept_key, read_key
from app.adapters.kubo import KuboStore
from app.adapters.platform_auth import ApiKey, Credentials, Es256Credentials, TokenOptions
from app.adapters.platform_clients import HttpOptions
from app.adapters.platform_gateway import GatewayOptions, GatewayPlatform
from app.adapters.platform_openai import OpenAiOptions, OpenAiPlatform
from app.adapters.platform_recording import RecordedPlatform
from app.adapters.purge_http import HttpPurger
from app.adapters.purge_memory import NoPurger
from app.adapters.replicas import Replica, Replicas
from app.adapters.signature_web3 import Web3Signatures
from app.adapters.signer import KeystoreSigner, LocalSigner
from app.adapters.store_files import FileStore
from app.adapters.vault_local import LocalVault
from app.adapters.workshop import InlineWorkshop, ProcessWorkshop
from app.boxes import Boxes
from app.db.database import Database
from app.errors import ConfigurationError
from app.identity import SignatureChecker
from app.ports import (
    AgentContract,
    AgentPlatform,
    CachePurger,
    ChainReader,
    ChainWriter,
    Clock,
    KeyVault,
    Signer,
    Workshop,
)
from app.scope import pseudonym
from app.services.coverage import Coverage
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Chain:
    """Both sides of one chain; usually one object."""

    reader: ChainReader
    writer: ChainWriter


class Outside:
    """Settings in, ports out."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock,
        calendar: Clock | None = None,
        replicas: Sequence[Replica] | None = None,
        chains: Mapping[int, Chain] | None = None,
        signer: Signer | None = None,
        purger: CachePurger | None = None,
        platform: AgentPlatform | None = None,
        signatures: SignatureChecker | None = None,
        vault: KeyVault | None = None,
        entropy: Callable[[int], bytes],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self.clock: Clock = clock
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
        self._vault = vault
        self._signatures = signatures

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
            credentials = self._platform_credentials()
            gateway = GatewayPlatform(options, credentials, clock=self.clock, entropy=self.entropy)
            return RecordedPlatform(gateway, self.coverage.record, signed=isinstance(credentials, Es256Credentials))
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
    def coverage(self) -> Coverage:
        return Coverage(self.database, self.clock)

    @cached_property
    def signatures(self) -> SignatureChecker:
        """Who signed something, on the chains that have an endpoint."""
        settings = self.settings
        urls = {chain_id: url.get_secret_value() for chain_id, url in settings.rpc_urls.items()}
        return self._signatures or Web3Signatures(urls, timeout=settings.rpc_timeout)

    @cached_property
    def vault(self) -> KeyVault:
        """Keeps the key of keys; ConfigurationError when there is none, or the file of it is not private."""
        settings = self.settings
        if self._vault is not None:
            return self._vault
        return LocalVault(self._key("DNFT_VAULT_KEY", settings.vault_key, settings.vault_key_file), self.entropy)

    @cached_property
    def pepper(self) -> bytes:
        """What pseudonyms are keyed with."""
        return self.vault.derive("pseudonyms")

    def pseudonym(self, account: object) -> str:
        """The name an account (CAIP-10) goes by in private rows."""
        return pseudonym(self.pepper, str(account))

    @cached_property
    def boxes(self) -> Boxes:
        return Boxes(self.vault, self.entropy)

    def _key(self, name: str, given: SecretStr | None, file: Path) -> bytes:
        """32 bytes from the setting `name`, or from a file, which is made where that is allowed."""
        if given is not None:
            return bytes.fromhex(given.get_secret_value())
        if self.settings.env != "production":
            return kept_key(file, self.entropy)
        if not file.is_file():
            raise ConfigurationError([f"{name} is needed in production; make one with `openssl rand -hex 32`."])
        return read_key(file)
