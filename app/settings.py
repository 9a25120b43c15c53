"""Settings: the only place where the environment is read.

Sources, strongest first: command-line options, `DNFT_*` environment variables, `dnft.toml` in the working directory (or
the file that DNFT_CONFIG names), `dnft.toml` in the data folder (the demo writes one there, so that a command with the
demo's data folder works on the running demo), the defaults here. Every wrong setting is reported at once.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app.errors import ConfigurationError

EMBEDDED_CHAIN_ID = 31337


class Settings(BaseModel):
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
        description="64 hex digits that seal the keys of sessions, as `openssl rand -hex 32` gives. Default: the file "
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
    model_url: str | None = Field(
        None, description="Root of any OpenAI-compatible API (…/v1), instead of an agent platform."
    )
    model_key: SecretStr | None = Field(None, description="Key for that API.")
    model_name: str | None = Field(None, max_length=100, description="Model to ask for there.")

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

    @field_validator("raw_key")
    @classmethod
    def _key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"(0x)?[0-9a-fA-F]{64}", value.get_secret_value()):
            raise ValueError("is not a private key of 64 hex digits")
        return value

    def problems(self) -> list[str]:
        """What is wrong between settings, as sentences. Empty when this can run."""
        found = []
        if self.keystore is not None and self.keystore_password is None and self.keystore_password_file is None:
            found.append("DNFT_KEYSTORE needs DNFT_KEYSTORE_PASSWORD or DNFT_KEYSTORE_PASSWORD_FILE.")
        if self.keystore is not None and not self.keystore.is_file():
            found.append("DNFT_KEYSTORE names no file; make one with `dnft wallet new`.")
        if self.keystore is not None and self.raw_key is not None:
            found.append("DNFT_KEYSTORE and DNFT_RAW_KEY are both set; keep the keystore.")
        if self.platform_url is not None and self.model_url is not None:
            found.append("DNFT_PLATFORM_URL and DNFT_MODEL_URL are both set; keep the one that is meant.")
        if self.platform_url is not None and (self.platform_key is None) == (self.platform_signing_key is None):
            found.append("DNFT_PLATFORM_URL needs either DNFT_PLATFORM_KEY or DNFT_PLATFORM_SIGNING_KEY.")
        if self.platform_signing_key is not None and not self.platform_signing_key.is_file():
            found.append("DNFT_PLATFORM_SIGNING_KEY names no file.")
        if self.model_url is not None and self.model_name is None:
            found.append("DNFT_MODEL_URL needs DNFT_MODEL_NAME.")
        if self.env == "production":
            if self.raw_key is not None:
                found.append("DNFT_RAW_KEY is for the demo; in production use DNFT_KEYSTORE.")
            if not self.origin.startswith("https://"):
                found.append("DNFT_ORIGIN must be https in production.")
            if self.session_secret is None and not self.session_key_file.is_file():
                found.append("DNFT_SESSION_SECRET is needed in production; make one with `openssl rand -hex 32`.")
            if EMBEDDED_CHAIN_ID in self.rpc_urls:
                found.append(f"DNFT_RPC_URLS names chain {EMBEDDED_CHAIN_ID}, a developers' chain.")
        return found

    @property
    def database(self) -> str:
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data / 'dnft.db'}"

    @property
    def workflow_database(self) -> str:
        if self.workflow_database_url is not None:
            return self.workflow_database_url.get_secret_value()
        if make_url(self.database).get_backend_name() == "postgresql":
            return self.database
        return f"sqlite:///{self.data / 'workflows.db'}"

    @property
    def session_key_file(self) -> Path:
        """Where the sealing key of sessions is kept when no setting gives it."""
        return self.data / "session.key"

    @property
    def origins(self) -> frozenset[str]:
        """Where our own pages are: requests that bring a cookie must come from there."""
        here = (f"http://127.0.0.1:{self.port}", f"http://localhost:{self.port}") if self.env != "production" else ()
        return frozenset((self.origin.lower(), *here))

    @property
    def lanes(self) -> int:
        return self.processes or min(os.cpu_count() or 1, 8)

    @property
    def wanted_replicas(self) -> int:
        return self.replicas or (2 if self.env == "production" else 1)


def load(**overrides: Any) -> Settings:
    """Read all sources; `overrides` (command-line options) win. Raises ConfigurationError naming every problem."""
    known = Settings.model_fields
    problems = [f"{name} is no setting; `dnft doctor` lists all." for name in sorted(filter(_is_unknown, os.environ))]
    given = {name: os.environ[f"DNFT_{name.upper()}"] for name in known if f"DNFT_{name.upper()}" in os.environ}
    given |= {name: value for name, value in overrides.items() if value is not None}
    config = os.environ.get("DNFT_CONFIG")
    if config is not None and not Path(config).is_file():
        problems.append("DNFT_CONFIG names no file.")
    values = _from_file(Path(config or "dnft.toml"), problems) | given
    values = _from_file(Path(str(values.get("data", known["data"].default))) / "dnft.toml", problems) | values
    try:
        settings = Settings(**values)
    except ValidationError as error:
        details = error.errors(include_input=False)
        problems += [
            f"DNFT_{str(detail['loc'][0]).upper()}: {detail['msg'].removeprefix('Value error, ')}."
            for detail in details
        ]
        # What holds between the settings that can be read is checked all the same, so nobody fixes one at a time.
        wrong = {detail["loc"][0] for detail in details}
        settings = Settings(**{name: value for name, value in values.items() if name not in wrong})
    problems += settings.problems()
    if problems:
        raise ConfigurationError(problems)
    return settings


def _from_file(path: Path, problems: list[str]) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{path} is not valid TOML: {error}.")
        return {}
    unknown = [name for name in content if name not in Settings.model_fields]
    problems += [f"{path}: {name} is no setting; `dnft doctor` lists all." for name in unknown]
    return {name: value for name, value in content.items() if name not in unknown}


def _is_unknown(name: str) -> bool:
    return name.startswith("DNFT_") and name != "DNFT_CONFIG" and name[5:].lower() not in Settings.model_fields


def environment(**extra: str) -> dict[str, str]:
    """The environment for a process we start: ours with `extra` on top."""
    return {**os.environ, **extra}
