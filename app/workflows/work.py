"""The durable workflows: deploy a collection, release a range of tokens, mint it.

    deploy    send the deployment, write down the contract
    release   births in chunks → publish → commit what is covered
    mint      release, then the batch transactions
    purge     make caches forget a range of tokens (after burns)

One function runs them all, because they share their steps. A step that finds something behind us down waits and says
so in the work row; what cannot succeed ends the work as `failed`, with what to do.
"""

from collections.abc import Callable
from typing import Final, TypeVar

import structlog
from dbos import DBOS

from app.db.tables import Work, WorkState
from app.errors import DnftError, Unavailable
from app.services.commits import commit_key
from app.services.deploying import deploy_key
from app.services.transactions import Transactions
from app.workflows.engine import pause, world

CHUNK: Final = 100
"""Tokens a birth step."""

log = structlog.get_logger("work")
Result = TypeVar("Result")


@DBOS.workflow(name="work")
def run_work(work_id: int) -> None:
    """Carry out one work row."""
    try:
        kind, start, first, count = begin(work_id)
        if kind == "deploy":
            deploy(work_id)
        elif kind == "purge":
            purge(work_id)
        else:
            for at in range(start, first + count, CHUNK):
                release_chunk(work_id, at, min(CHUNK, first + count - at))
            while (number := plan_commit(work_id)) is not None:
                carry_commit(work_id, number)
            if kind == "mint":
                for key in plan_mints(work_id, first, count):
                    carry_mint(work_id, key)
            await_chain(work_id)
        finish(work_id)
    except DnftError as error:
        fail(work_id, error.code, f"{error.message} {error.hint}".strip())
    except Exception as error:
        log.exception("work failed", work=work_id)
        fail(work_id, "internal", f"{type(error).__name__}: see the worker's log.")


@DBOS.step()
def begin(work_id: int) -> tuple[str, int, int, int]:
    """(kind, first id to release, first id, count). A commit covers ids without a gap, so what other work reserved
    below ours and has not released yet (it is under way, or it failed) is released with ours."""
    work = _work(work_id)
    with world().database.read() as unit:
        covered = unit.collections.get(work.project_id, work.collection_id).covered
    _report(work_id, state=WorkState.RUNNING, note="starting")
    return work.kind, min(covered, work.first), work.first, work.count


@DBOS.step()
def deploy(work_id: int) -> None:
    work = _work(work_id)
    key = deploy_key(work.collection_id)
    _report(work_id, note="deploying the contract")
    _patiently(work_id, lambda: _transactions(work).carry(work.project_id, key))
    world().deploying.finish(work.project_id, work.collection_id)


@DBOS.step()
def purge(work_id: int) -> None:
    work = _work(work_id)
    _patiently(work_id, lambda: world().publishing.purge(work.project_id, work.collection_id, work.first, work.count))


@DBOS.step()
def release_chunk(work_id: int, first: int, count: int) -> None:
    """Births of a chunk, then their publication."""
    work = _work(work_id)

    def progress(token_id: int) -> None:
        _report(work_id, note=f"birth of token {token_id}", done=max(0, token_id - work.first + 1))

    _patiently(work_id, lambda: world().births.make(work.project_id, work.collection_id, first, count, progress))
    _report(work_id, note="publishing")
    _patiently(work_id, lambda: world().publishing.publish(work.project_id, work.collection_id, first, count))


@DBOS.step()
def plan_commit(work_id: int) -> int | None:
    work = _work(work_id)
    return world().commits.plan(work.project_id, work.collection_id, world().signer.address)


@DBOS.step()
def carry_commit(work_id: int, number: int) -> None:
    work = _work(work_id)
    key = commit_key(work.collection_id, number)
    _report(work_id, note=f"commit {number}")
    _patiently(work_id, lambda: _transactions(work).carry(work.project_id, key))
    world().commits.finish(work.project_id, work.collection_id, number)


@DBOS.step()
def plan_mints(work_id: int, first: int, count: int) -> list[str]:
    work = _work(work_id)
    return world().minting.plan(work.project_id, work.collection_id, first, count, world().signer.address)


@DBOS.step()
def carry_mint(work_id: int, key: str) -> None:
    work = _work(work_id)
    _report(work_id, note=f"minting ({key})")
    _patiently(work_id, lambda: _transactions(work).carry(work.project_id, key))


@DBOS.step()
def await_chain(work_id: int) -> None:
    """Follow the chain to its head, so that whoever waits for the work finds the owners known."""
    work = _work(work_id)
    following = world().following(_chain_id(work))
    while _patiently(work_id, lambda: following.follow(work.project_id, work.collection_id)) > 0:
        pass


@DBOS.step()
def finish(work_id: int) -> None:
    work = _work(work_id)
    _report(work_id, state=WorkState.DONE, note="done", done=work.total)


@DBOS.step()
def fail(work_id: int, code: str, message: str) -> None:
    _report(work_id, state=WorkState.FAILED, note="failed", error_code=code, error=message[:500])


def _work(work_id: int) -> Work:
    with world().database.read() as unit:
        return unit.works.get(work_id)


def _chain_id(work: Work) -> int:
    with world().database.read() as unit:
        return unit.collections.get(work.project_id, work.collection_id).chain_id


def _transactions(work: Work) -> Transactions:
    """Those of the work's chain, whose waiting ends when the worker stops."""
    here = world()
    chain = here.chain(_chain_id(work))
    return Transactions(here.database, chain.reader, chain.writer, here.signer, here.clock, pause)


def _report(work_id: int, **changes: str | int) -> None:
    with world().database.write() as unit:
        unit.works.report(work_id, int(world().clock.now().timestamp()), **changes)


def _patiently(work_id: int, action: Callable[[], Result]) -> Result:
    """Repeat an idempotent action while what is behind us is down. The pauses grow to half a minute."""
    seconds = 0.25
    while True:
        try:
            return action()
        except Unavailable as error:
            log.warning("waiting", work=work_id, why=error.message)
            _report(work_id, note=f"waiting: {error.message}"[:200])
            pause(seconds)
            seconds = min(seconds * 2, 30.0)
