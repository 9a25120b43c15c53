"""Which of the agent platform's capabilities we use, and how that goes.

The eight are what a client can ask of `/api/agents/*`: two ways to ask a model (`invoke`, `stream`), two that a request
can carry with it (`ensembles`, and `byok`, one's own provider key), how a client says who it is (`tokens`), and three
questions about the platform itself (`models`, `budget`, `health`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from app.db.database import Database
from app.ports import Clock

PAGE: Final = "docs/friction.md"


class Counts(Protocol):
    """Calls of one capability: how many went well, how many did not, and the code of the newest failure."""

    @property
    def ok(self) -> int: ...
    @property
    def errors(self) -> int: ...
    @property
    def last_error(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Capability:
    name: str
    """Key of its counts."""
    what: str
    """At the platform."""
    how: str
    """What of ours uses it."""
    friction: tuple[str, ...]
    """Entries of docs/friction.md."""


CAPABILITIES: Final = (
    Capability(
        "invoke",
        "POST /api/agents/invoke: a whole answer",
        "JSON replies of the chat, polishing of births (`dnft deploy --polish`), the reason of a refused stream",
        ("F5", "F8", "F9"),
    ),
    Capability(
        "stream",
        "POST /api/agents/stream: the answer as it is written, resumed after a break",
        "POST /v1/conversations/{id}/messages with Accept: text/event-stream, the chat on agent pages",
        ("F1", "F6", "F15"),
    ),
    Capability(
        "models",
        "GET /api/agents/models: the aliases that our tier may use",
        "`dnft doctor`, `dnft platform coverage --probe`",
        ("F10", "F11"),
    ),
    Capability(
        "budget",
        "GET /api/agents/budget: what the community may still spend",
        "`dnft costs`, /costs, `dnft platform coverage --probe`",
        ("F7",),
    ),
    Capability(
        "health",
        "GET /api/agents/health: whether the platform and its parts answer",
        "`dnft doctor`, `dnft platform coverage --probe`",
        ("F22",),
    ),
    Capability(
        "tokens",
        "ES256 tokens for each request, checked with our JWKS",
        "every call, when DNFT_PLATFORM_SIGNING_KEY is set",
        ("F2", "F3"),
    ),
    Capability(
        "ensembles",
        "several models for one answer, with their accounting",
        "passed through by the client (`Ask.ensemble`); no feature of ours asks for it while it is off everywhere",
        ("F16",),
    ),
    Capability(
        "byok",
        "answers on a provider key of one's own",
        "not at the platform, where it is not reachable; DNFT_MODEL_URL with DNFT_MODEL_KEY stands in for it",
        ("F17",),
    ),
)


class Coverage:
    """`clock` stamps what is recorded."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def record(self, counts: Mapping[str, Counts]) -> None:
        """Add to what was counted before. Raises DatabaseUnavailable."""
        now = int(self._clock.now().timestamp())
        with self._database.write_soon() as unit:
            # In one order everywhere: two processes that update the same rows never wait for each other in a circle.
            for name, count in sorted(counts.items()):
                unit.platform_calls.add(name, ok=count.ok, errors=count.errors, last_error=count.last_error, at=now)

    def report(self) -> dict[str, Any]:
        """`capabilities`: name, what, exercised (answered at least once), how, lastAt (RFC 3339 or None), ok, errors,
        lastError, friction (links); and how many of them are `exercised`."""
        with self._database.read() as unit:
            counted = {each.capability: each for each in unit.platform_calls.all()}
        rows = []
        for capability in CAPABILITIES:
            row = counted.get(capability.name)
            rows.append(
                {
                    "name": capability.name,
                    "what": capability.what,
                    "exercised": row is not None and row.ok_count > 0,
                    "how": capability.how,
                    "lastAt": _stamp(row.last_at) if row is not None else None,
                    "ok": row.ok_count if row is not None else 0,
                    "errors": row.error_count if row is not None else 0,
                    "lastError": (row.last_error or None) if row is not None else None,
                    "friction": [f"{PAGE}#{entry.lower()}" for entry in capability.friction],
                }
            )
        return {"exercised": sum(row["exercised"] for row in rows), "of": len(rows), "capabilities": rows}


def _stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
