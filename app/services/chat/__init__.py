"""Talking with an agent: conversations, and the turns in them.

access         who may talk, and in whose scope      intents        what a user may want of a turn
conversations  what a user sees of their own         beginning      what is decided before the platform is asked
prompting      what the model is shown               answering      asking the platform; resuming a broken answer
recording      pieces are stored before they go out  turns          telling, finishing, cancelling
"""

from collections.abc import Callable

from app.db.database import Database
from app.db.tables import Collection
from app.ports import AgentPlatform, Clock
from app.services.chat.access import Access
from app.services.chat.allowances import Limits
from app.services.chat.answering import Answering
from app.services.chat.beginning import Beginning, Options
from app.services.chat.conversations import CONSENT, Conversations, Talk
from app.services.chat.finishing import Finishing
from app.services.chat.intents import Intent
from app.services.chat.portraits import Portraits
from app.services.chat.recording import Threads
from app.services.chat.seams import Memory, Names, Owners
from app.services.chat.turns import Turn, Turns
from personalities import Pack

__all__ = ["CONSENT", "Chat", "Conversations", "Intent", "Limits", "Options", "Talk", "Turn", "Turns"]


class Chat:
    """All of it, put together. `conversations` blocks and is for threads; `turns` is for the event loop."""

    def __init__(
        self,
        database: Database,
        owners: Owners,
        memory: Memory,
        names: Names,
        platform: AgentPlatform,
        pack_of: Callable[[Collection], Pack],
        *,
        clock: Clock,
        calendar: Clock,
        entropy: Callable[[int], bytes],
        limits: Limits | None = None,
        options: Options | None = None,
        lanes: int = 8,
    ) -> None:
        limits, options = limits or Limits(), options or Options()
        access = Access(database, owners)
        self.threads = Threads(lanes)
        self.conversations = Conversations(database, access, memory, names, clock, entropy, limits)
        beginning = Beginning(
            database,
            access,
            Portraits(pack_of, scenes=options.scenes),
            memory,
            names,
            clock,
            calendar,
            limits,
            options,
            platform.name,
        )
        finishing = Finishing(database, memory, clock, calendar, stale_seconds=options.stale_seconds)
        self.turns = Turns(
            database,
            beginning,
            Answering(platform, finishing, self.threads),
            finishing,
            self.conversations,
            names,
            self.threads,
            beat_seconds=min(5.0, options.stale_seconds / 4),
        )
