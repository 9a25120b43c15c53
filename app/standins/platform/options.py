"""What the stand-in can be told."""

import ipaddress
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from app.errors import ConfigurationError
from app.standins.platform.tiers import TIERS, Tier

DEV_KEY: Final = "dnft-platform-dev-key"
"""API key of the community that is there when none is configured. Not a secret: it opens a stand-in on loopback."""


@dataclass(frozen=True, slots=True)
class Community:
    """One paying customer of the platform."""

    id: str
    key: str = field(repr=False)
    """Its API key; empty when it uses tokens only."""
    tier: Tier = "enterprise"
    monthly_cents: int = 100


@dataclass(frozen=True, slots=True)
class Options:
    """All times in the unit their name says. Raises ConfigurationError listing everything that is wrong."""

    host: str = "127.0.0.1"
    port: int = 8600
    """0 takes a free one."""
    communities: Sequence[Community] = (Community("default", DEV_KEY),)
    issuer: str = "dnft"
    """`iss` of the tokens that are accepted."""
    audience: str = "freeside"
    """Their `aud`."""
    client_keys: str = ""
    """URL or file of the JWKS they are checked with; empty: only API keys are accepted."""
    client_keys_cooldown_seconds: float = 60.0
    """Between two looks at it."""
    strict: bool = False
    """Errors of a stream get statuses and error events, instead of 200 and an early end."""
    limits: bool = True
    """Rate limits, by address and by tier. Off for benchmarks."""
    heartbeat_seconds: float = 15.0
    server_id: str = ""
    """When set, event ids are `server_id:n`."""
    model_url: str = ""
    """Base URL of an OpenAI-compatible API, to `/v1` inclusive; empty: the offline voice speaks."""
    model_key: str = field(default="", repr=False)
    model: str = ""
    """Model name there."""
    first_ms: float = 20.0
    """From the request to the first word of the offline voice."""
    piece_ms: float = 15.0
    """Between its words."""
    linger_seconds: float = 30.0
    """A turn whose listener left goes on for this long, so that the stream can be resumed."""
    buffer_events: int = 2048
    """Events kept of one turn."""
    buffer_turns: int = 500
    """Turns kept, the newest."""
    key_overlap_seconds: float = 48 * 3600.0
    """How long the previous signing key stays in the JWKS."""
    journal_requests: int = 200
    """Requests that GET /_dev/requests remembers."""

    def __post_init__(self) -> None:
        ids, keys = [c.id for c in self.communities], [c.key for c in self.communities if c.key]
        checks = [
            (is_loopback(self.host), f"the stand-in platform serves loopback only, not {self.host}"),
            (bool(ids), "at least one community is needed"),
            (len(ids) == len(set(ids)), "two communities have the same id"),
            (len(keys) == len(set(keys)), "two communities have the same key"),
            (all(ids), "a community has an empty id"),
            (all(key.count(".") != 2 for key in keys), "an API key with two dots would be taken for a token"),
            (all(c.tier in TIERS for c in self.communities), f"tier must be one of {', '.join(TIERS)}"),
            (all(c.monthly_cents >= 0 for c in self.communities), "monthly cents must be 0 or more"),
            (bool(self.model) or not self.model_url, "a model URL needs the name of a model"),
            (
                not self.model_url or self.model_url.startswith(("http://", "https://")),
                "the model URL must be http or https",
            ),
            (self.heartbeat_seconds > 0, "the heartbeat must be longer than 0 seconds"),
            (min(self.first_ms, self.piece_ms, self.linger_seconds) >= 0, "times must be 0 or more"),
            (min(self.buffer_events, self.buffer_turns) > 0, "buffers must hold something"),
            (":" not in self.server_id and self.server_id.isprintable(), "the server id takes no colon"),
        ]
        if problems := [problem for holds, problem in checks if not holds]:
            raise ConfigurationError(problems)


def communities_in(text: str) -> tuple[Community, ...]:
    """Communities of a TOML file: `[[community]]` tables with `id`, `key`, `tier`, `monthly_cents`, the last two
    optional. Raises ConfigurationError."""
    try:
        tables = tomllib.loads(text)["community"]
        return tuple(
            Community(
                str(table["id"]),
                str(table.get("key", "")),
                table.get("tier", "enterprise"),
                int(table.get("monthly_cents", 100)),
            )
            for table in tables
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError([f"the file of communities can't be read: {error}"]) from error


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
