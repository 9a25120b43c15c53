"""DBOS, set up: one engine a process, launched by a worker only.

Workflow arguments are row ids; steps run at least once, so each is idempotent. `VERSION` is the version of the
workflows' shape, not of the code: raise it only when a running workflow could not go on under the new code.
"""

import logging
import threading
from typing import Final

from dbos import DBOS, DBOSConfig

from app.bootstrap import World

VERSION: Final = "1"
QUEUE: Final = "work"
CONCURRENCY: Final = 4
"""Workflows a worker runs at once."""

_world: World | None = None
_stopping = threading.Event()


class Stopping(BaseException):
    """The worker stops here. No Exception, so nobody takes it for a failure of the work: no outcome is recorded, and
    the next worker goes on."""


def world() -> World:
    """The world of the running worker, for steps. Raises Stopping when there is none any more."""
    if _world is None:
        raise Stopping
    return _world


def pause(seconds: float) -> None:
    """Sleep, for steps that wait for something outside; raises Stopping as soon as the worker is asked to stop."""
    if _stopping.wait(seconds):
        raise Stopping


def launch(new_world: World, executor_id: str) -> None:
    """Start DBOS in this process. Workflows of executors that are gone are taken over by `recover`."""
    global _world
    _world = new_world
    _stopping.clear()
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
    """Let running workflows finish for a while, but not those that wait for something outside; what is not finished
    goes on in the next worker."""
    global _world
    _stopping.set()
    DBOS.destroy(workflow_completion_timeout_sec=wait_seconds)
    _world = None
