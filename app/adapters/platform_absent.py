"""AgentPlatform where none is configured: it says so. What was said before can still be read, exported and erased."""

from collections.abc import AsyncGenerator, Sequence
from typing import NoReturn

from app.dialogue import Ask, Budget, Event, Health, Reply
from app.errors import PlatformUnavailable


class AbsentPlatform:
    """See the port."""

    name = "none"

    def invoke(self, ask: Ask) -> Reply:
        _refuse()

    async def stream(self, ask: Ask, *, after: str | None = None) -> AsyncGenerator[tuple[str, Event], None]:
        _refuse()
        yield  # type: ignore[unreachable]  # makes this a generator

    def models(self) -> Sequence[str]:
        return ()

    def budget(self) -> Budget | None:
        return None

    def health(self) -> Health:
        return Health({"platform": False}, {})


def _refuse() -> NoReturn:
    raise PlatformUnavailable(
        "This service has no agent platform to ask.",
        hint="Its operator sets DNFT_PLATFORM_URL or DNFT_MODEL_URL; see `dnft doctor`.",
        retry_after=None,
    )
