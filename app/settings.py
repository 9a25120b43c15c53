"""Settings: the only place where the environment is read.

Sources, strongest first: command-line options, `DNFT_*` environment variables, `dnft.toml` in the working directory (or
the file that DNFT_CONFIG names), `dnft.toml` in the data folder (the demo writes one there, so that a command with the
demo's data folder works on the running demo), the defaults here. Every wrong setting is reported at once.
"""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import make_url

from app.errors import ConfigurationError
from app.provenance.uris import origin_of
from app.settings_fields import Fields

EMBEDDED_CHAIN_ID = 31337


class Settings(Fields):
    """All settings, and what holds between them."""

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
            if self.vault_key is None and not self.vault_key_file.is_file():
                found.append("DNFT_VAULT_KEY is needed in production; make one with `openssl rand -hex 32`.")
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
    def vault_key_file(self) -> Path:
        """Where the key of keys is kept when no setting gives it."""
        return self.data / "vault.key"

    @property
    def origins(self) -> frozenset[str]:
        """Where our own pages are: requests that bring a cookie must come from there."""
        here = (f"http://127.0.0.1:{self.port}", f"http://localhost:{self.port}") if self.env != "production" else ()
        return frozenset((origin_of(self.origin) or self.origin, *here))

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
