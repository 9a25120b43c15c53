"""DBOS, set up: one engine a process, launched by a worker only.

Workflow arguments are row ids; steps run at least once, so each is idempotent. `VERSION` is the version of the
workflows' shape, not of the code: raise it only when a running workflow could not go on under the new code.
"""

import logging
from typing import Final

from dbos import DBOS, DBOSConfig

from app.bootstrap import World

VERSION: Final = "1"
QUEUE: Final = "work"
CONCURRENCY: Final = 4
"""Workflows a worker runs at once."""

_world: World | None = None


def world() -> World:
    """The world of the running worker, for steps."""
    assert _world is not None, "workflows run in a launched worker only"
    return _world


def launch(new_world: World, executor_id: str) -> None:
    """Start DBOS in this process. Workflows of executors that are gone are taken over by `recover`."""
    global _world
    _world = new_world
    config: DBOSConfig = {
        "name": "dnft",
        "system_database_url": new_world.settings.workflow_database,
        "application_version": VERSION,
        "executor_id": executor_id,
        "log_level": "WARNING",
        "scheduler_polling_interval_sec": 3600.0,
    }
    DBOS(config=config)
    DBOS.launch()
    DBOS.register_queue(QUEUE, worker_concurrency=CONCURRENCY, polling_interval_sec=0.1)
    logging.getLogger("dbos").setLevel(logging.WARNING)


def recover(executor_ids: list[str]) -> int:
    """Put the unfinished workflows of executors that are gone back into the queue; returns how many."""
    return len(DBOS._recover_pending_workflows(executor_ids))


def shut_down(wait_seconds: int) -> None:
    """Let running workflows finish for a while; what is not finished goes on in the next worker."""
    global _world
    DBOS.destroy(workflow_completion_timeout_sec=wait_seconds)
    _world = None
