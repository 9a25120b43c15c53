"""The worker: leases, the sweeper that starts due work, and the followers of the chains.

every 0.2 s   work rows that are queued are started, each under its deterministic workflow id
every 3 s     the lease is renewed; workflows of executors whose lease lapsed go back to the queue
every second  chains are followed, transactions looked at again until they are final
"""

import contextlib
import fcntl
import threading
import time
from collections.abc import Callable
from typing import IO, Final

import structlog
from dbos import DBOS, SetWorkflowID
from sqlalchemy import make_url

from app.bootstrap import World
from app.db.tables import Executor, Work, WorkState
from app.errors import Conflict, DnftError, Unavailable
from app.workflows import engine
from app.workflows.work import run_work

LEASE: Final = 15
RENEW: Final = 3.0
SWEEP: Final = 0.2
FOLLOW: Final = 1.0
KEEP_PUBLICATIONS: Final = 3600
_LOCK_FILE: Final = "worker.lock"

log = structlog.get_logger("worker")


class Worker:
    """One worker of this process. `start`, then `stop`; killing the process at any point is safe too."""

    def __init__(self, world: World, *, lease: int = LEASE, renew: float = RENEW) -> None:
        """`lease` and `renew` in seconds: how long the others wait for us, and how often we say that we live."""
        self._world = world
        self._lease = lease
        self._pause = renew
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lock: IO[str] | None = None
        self._started: set[str] = set()
        self.executor_id = world.executor_id()

    def start(self) -> None:
        """Launch. Raises Conflict when the workflows are in SQLite and another worker has them."""
        alone = _is_alone(self._world)
        if alone:
            self._take_lock()
        engine.launch(self._world, self.executor_id)
        self._renew()
        self._recover(everybody=alone)
        for name, task, pause in (
            ("lease", self._keep, self._pause),
            ("sweep", self._sweep, SWEEP),
            ("follow", self._follow, FOLLOW),
        ):
            thread = threading.Thread(target=self._loop, args=(task, pause), name=f"worker-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)
        log.info("worker ready", executor=self.executor_id)

    def stop(self, wait_seconds: int = 5) -> None:
        """Stop taking work, give running steps a moment, hand the rest to the next worker."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=5)
        engine.shut_down(wait_seconds)
        # The row stays, without a lease: whoever comes next takes over what this worker leaves unfinished.
        with contextlib.suppress(Unavailable):
            self._renew(end=True)
        if self._lock is not None:
            self._lock.close()

    def _take_lock(self) -> None:
        path = self._world.settings.data / _LOCK_FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = path.open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise Conflict(
                "Another worker runs on this data folder.", hint="With SQLite there is one; use PostgreSQL for more."
            ) from None

    def _loop(self, task: Callable[[], None], pause: float) -> None:
        while not self._stop.is_set():
            try:
                task()
            except Unavailable as error:
                log.warning("worker waits", why=error.message)
            except Exception:
                log.exception("worker loop failed")
            self._stop.wait(pause)

    def _now(self) -> int:
        return int(self._world.clock.now().timestamp())

    def _renew(self, *, end: bool = False) -> None:
        until = 0 if end else self._now() + self._lease
        with self._world.database.write() as unit:
            unit.works.lease(Executor(id=self.executor_id, application_version=engine.VERSION, lease_until=until))

    def _keep(self) -> None:
        self._renew()
        self._recover(everybody=False)
        with self._world.database.write() as unit:
            unit.works.forget_publications(self._now() - KEEP_PUBLICATIONS)

    def _recover(self, *, everybody: bool) -> None:
        """Take over from executors whose lease lapsed; from all others when we hold the only lock."""
        now = self._now()
        with self._world.database.read() as unit:
            others = [each for each in unit.works.executors() if each.id != self.executor_id]
        gone = [each.id for each in others if everybody or each.lease_until < now]
        if gone:
            recovered = engine.recover(gone)
            log.info("took over", executors=len(gone), workflows=recovered)
            with self._world.database.write() as unit:
                for executor_id in gone:
                    unit.works.drop_executor(executor_id)

    def _sweep(self) -> None:
        with self._world.database.read() as unit:
            due = [(work.id, f"{work.key}#{work.attempt}", work.state) for work in unit.works.unfinished()]
        for work_id, workflow_id, state in due:
            # Rows that are running are offered once more after a start: DBOS knows their ids and starts none twice.
            if work_id is None or workflow_id in self._started:
                continue
            with SetWorkflowID(workflow_id):
                DBOS.enqueue_workflow(engine.QUEUE, run_work, work_id)
            self._started.add(workflow_id)
            if state == WorkState.QUEUED:
                with self._world.database.write() as unit:
                    unit.works.report(work_id, self._now(), state=WorkState.RUNNING, note="waiting for its turn")

    def _follow(self) -> None:
        world = self._world
        with world.database.read() as unit:
            projects = [project.id for project in unit.collections.projects() if project.id is not None]
            collections = [each for project in projects for each in unit.collections.deployed(project)]
        for collection in collections:
            if self._stop.is_set() or collection.id is None:
                return
            if collection.chain_id not in world.settings.rpc_urls:
                continue
            try:
                following = world.following(collection.chain_id)
                while following.follow(collection.project_id, collection.id) > 0 and not self._stop.is_set():
                    pass
                world.transactions(collection.chain_id).confirm(collection.project_id, collection.id)
                world.commits.finalize(collection.project_id, collection.id)
            except Unavailable as error:
                log.warning("chain not followed", collection=collection.slug, why=error.message)
            except DnftError as error:
                log.error("chain not followed", collection=collection.slug, why=error.message, hint=error.hint)


def wait_for(world: World, work_id: int, on_change: Callable[[Work], None], pause: float = 0.1) -> Work:
    """Wait until a work row is done or failed; `on_change` hears of each new state of the row."""
    last = None
    while True:
        with world.database.read() as unit:
            work = unit.works.get(work_id)
        seen = (work.state, work.done, work.note)
        if seen != last:
            on_change(work)
            last = seen
        if work.state in (WorkState.DONE, WorkState.FAILED):
            return work
        time.sleep(pause)


def alive(world: World) -> bool:
    """Whether a worker is there to take work: the lock is held (SQLite), or some lease runs (PostgreSQL)."""
    path = world.settings.data / _LOCK_FILE
    if _is_alone(world):
        if not path.exists():
            return False
        with path.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return True
        return False
    now = int(world.clock.now().timestamp())
    with world.database.read() as unit:
        return any(executor.lease_until >= now for executor in unit.works.executors())


def _is_alone(world: World) -> bool:
    return make_url(world.settings.workflow_database).get_backend_name() == "sqlite"
