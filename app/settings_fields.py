"""The settings themselves: names, types, defaults, what they are for, and what makes a value wrong."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError


class Fields(BaseModel):
    """One field a setting; its description is what `dnft doctor` prints."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: Literal["development", "demo", "production"] = Field(
        "development", description="Where this runs. `production` refuses everything that exists for developers."
    )
    data: Path = Field(Path(".data"), description="Data folder: database, content store, keys, chain of the demo.")
    database_url: SecretStr | None = Field(
        None,
        description="SQLAlchemy URL (sqlite:///… or postgresql+psycopg://…). Default: dnft.db in the data folder.",
    )
    workflow_database_url: SecretStr | None = Field(
        None, description="Database of the durable workflows. Default: workflows.db beside SQLite, or the same server."
    )
    project: str = Field("default", min_length=1, max_length=100, description="Project (tenant) commands work for.")

    host: str = Field("127.0.0.1", description="Address the web server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port of the web server.")
    workers: int = Field(1, ge=1, le=64, description="Processes of the web server.")
    origin: str = Field(
        "http://127.0.0.1:8000", description="Public root of new collections' links; no path, no trailing slash."
    )
    cache_mb: int = Field(64, ge=1, le=16_384, description="Memory for ready answers in each web process, MiB.")

    processes: int | None = Field(
        None, ge=1, le=64, description="Processes in which a worker draws. Default: one a processor, 8 at most."
    )

    rpc_urls: Mapping[int, SecretStr] = Field(
        default_factory=dict, description="JSON-RPC endpoints as `chainId=url`, separated by commas."
    )
    rpc_timeout: float = Field(10.0, gt=0, le=120, description="Seconds to wait for one answer of a node.")
    finality_depth: int | None = Field(
        None, ge=0, le=10_000, description="Blocks until final, for chains whose nodes know no `finalized` tag."
    )
    keystore: Path | None = Field(None, description="Encrypted keystore file of the sending account.")
    keystore_password: SecretStr | None = Field(None, description="Password of the keystore.")
    keystore_password_file: Path | None = Field(None, description="File with the password of the keystore.")
    raw_key: SecretStr | None = Field(None, description="Private key in hex, for the demo only; never in production.")

    session_secret: SecretStr | None = Field(
        None,
        description="Seals the keys of sessions: 64 hex digits, as `openssl rand -hex 32` gives. Default: the file "
        "session.key in the data folder, made there outside production.",
    )
    challenge_seconds: int = Field(600, ge=1, le=3600, description="Life of a sign-in message, until it is signed.")
    token_seconds: int = Field(900, ge=1, le=3600, description="Life of a session token; it can be renewed.")
    session_seconds: int = Field(
        43_200, ge=1, le=2_592_000, description="How long a session can be renewed before the wallet signs again."
    )
    challenges_per_minute: int = Field(
        30,
        ge=1,
        le=100_000,
        description="Sign-in messages a minute for one network address, in each process; for one account, twice that.",
    )
    operator_key: SecretStr | None = Field(
        None, description="Bearer token of the operators, for /costs: 24 characters or more, `openssl rand -hex 32`."
    )
    proxies: int = Field(
        0, ge=0, le=10, description="Reverse proxies of ours that append to X-Forwarded-For; limits count who is there."
    )

    kubo_api: str | None = Field(None, description="Multiaddr of a Kubo node, such as /ip4/127.0.0.1/tcp/5001/http.")
    replicas: int | None = Field(
        None, ge=1, le=5, description="Copies read back before a snapshot goes live. Default: 1, in production 2."
    )

    platform_url: str | None = Field(None, description="Agent platform: root of its /api/agents.")
    platform_key: SecretStr | None = Field(None, description="API key for the agent platform.")
    platform_signing_key: Path | None = Field(
        None, description="ES256 private key (PEM) for the agent platform, instead of an API key."
    )
    platform_issuer: str = Field("dnft", max_length=100, description="`iss` of the tokens signed with that key.")
    platform_audience: str = Field("freeside", max_length=100, description="`aud` of the tokens signed with that key.")
    platform_tenant: str = Field("default", max_length=100, description="`tenant_id` of the tokens signed with it.")
    platform_tier: Literal["free", "pro", "enterprise"] = Field("pro", description="Our plan at the agent platform.")
    platform_scene: bool = Field(
        False, description="Whether a turn carries its scene, from which the stand-in's offline voice speaks."
    )
    model_url: str | None = Field(
        None, description="Root of any OpenAI-compatible API (…/v1), instead of an agent platform."
    )
    model_key: SecretStr | None = Field(None, description="Key for that API.")
    model_name: str | None = Field(None, max_length=100, description="Model to ask for there.")

    vault_key: SecretStr | None = Field(
        None,
        description="Key of the keys of private words: 64 hex digits, as `openssl rand -hex 32` gives. Default: the "
        "file vault.key in the data folder, made there outside production.",
    )

    chat_messages_per_minute: int = Field(20, ge=1, le=100_000, description="Messages a holder may send in a minute.")
    chat_messages_per_day: int = Field(500, ge=1, le=10_000_000, description="Messages a holder may send in a UTC day.")
    chat_token_messages_per_day: int = Field(
        2_000, ge=1, le=10_000_000, description="Messages one token answers in a UTC day, whoever sends them."
    )
    chat_holder_micro_per_day: int = Field(
        1_000_000, ge=0, description="Micro-USD a holder's replies may cost in a UTC day."
    )
    chat_token_micro_per_day: int = Field(
        5_000_000, ge=0, description="Micro-USD one token's replies may cost in a UTC day."
    )
    chat_project_micro_per_day: int = Field(
        50_000_000, ge=0, description="Micro-USD all replies of a project may cost in a UTC day."
    )
    chat_history_tokens: int = Field(
        6_000, ge=200, le=100_000, description="Earlier talk that a prompt may hold, in tokens of four characters."
    )
    chat_stale_seconds: int = Field(
        20, ge=2, le=600, description="A reply whose process was not seen for so many seconds is given up."
    )

    purge_url: str | None = Field(None, description="Hook of the cache in front of us; see docs/operations.md.")
    purge_style: Literal["tags", "urls"] = Field(
        "tags", description="`tags`: POST of Cache-Tags; `urls`: a PURGE request for each URL under purge_url."
    )
    purge_token: SecretStr | None = Field(None, description="Bearer token for the purge hook.")

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")
    log_format: Literal["console", "json"] = Field("console", description="Shape of log lines on stderr.")

    @field_validator("rpc_urls", mode="before")
    @classmethod
    def _pairs(cls, value: Any) -> Any:
        if isinstance(value, str):
            pairs = [pair.strip().partition("=") for pair in value.split(",") if pair.strip()]
            return {chain.strip(): url.strip() for chain, _, url in pairs}
        return value

    @field_validator("rpc_urls")
    @classmethod
    def _http(cls, value: Mapping[int, SecretStr]) -> Mapping[int, SecretStr]:
        for chain, url in value.items():
            if urlsplit(url.get_secret_value()).scheme not in ("http", "https"):
                raise ValueError(f"the endpoint of chain {chain} must be an http(s) URL")
        return value

    @field_validator("platform_url", "model_url")
    @classmethod
    def _service(cls, value: str | None) -> str | None:
        if value is not None and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc):
            raise ValueError("must be an http(s) URL")
        return value.rstrip("/") if value is not None else None

    @field_validator("origin")
    @classmethod
    def _root(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query or parts.fragment:
            raise ValueError("must look like https://example.com, without a path or trailing slash")
        return value

    @field_validator("database_url", "workflow_database_url")
    @classmethod
    def _url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                backend = make_url(value.get_secret_value()).get_backend_name()
            except ArgumentError:
                raise ValueError("is not a SQLAlchemy URL") from None
            if backend not in ("sqlite", "postgresql"):
                raise ValueError("must be a sqlite or postgresql URL")
        return value

    @field_validator("session_secret")
    @classmethod
    def _secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", value.get_secret_value()):
            raise ValueError("is not 64 hex digits; make one with `openssl rand -hex 32`")
        return value

    @field_validator("vault_key")
    @classmethod
    def _vault_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", value.get_secret_value()):
            raise ValueError("is not 64 hex digits; make one with `openssl rand -hex 32`")
        return value

    @field_validator("operator_key")
    @classmethod
    def _operator(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[\x21-\x7e]{24,256}", value.get_secret_value()):
            raise ValueError("has fewer than 24 characters, or some that no header carries: `openssl rand -hex 32`")
        return value

    @field_validator("raw_key")
    @classmethod
    def _key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"(0x)?[0-9a-fA-F]{64}", value.get_secret_value()):
            raise ValueError("is not a private key of 64 hex digits")
        return value
