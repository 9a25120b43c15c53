"""The durable workflows: deploy a collection, release a range of tokens, mint it.

    deploy    send the deployment, write down the contract
    release   births in chunks → publish → commit what is covered
    mint      release, then the batch transactions
    reveal    end minting → capture the block that gives the seed → births → publish → commit
    polish    a model's version of each text → publish → commit
    publish   show what was prepared → commit
    purge     make caches forget a range of tokens (after burns)

One function runs them all, because they share their steps. A step that finds something behind us down waits and says
so in the work row; what cannot succeed ends the work as `failed`, with what to do.
"""

from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

import structlog
from dbos import DBOS

from app.db.tables import Work, WorkState
from app.errors import DnftError, Unavailable
from app.ports import Address, BlockTag, CollectionState
from app.provenance.ids import checksum_address
from app.services.commits import commit_key
from app.services.deploying import deploy_key
from app.services.transactions import Transactions
from app.settings import EMBEDDED_CHAIN_ID
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
            if kind == "reveal":
                close_minting(work_id)
                capture_seed(work_id)
            prepare = _PREPARE.get(kind)
            chunks = [(at, min(CHUNK, first + count - at)) for at in range(start, first + count, CHUNK)]
            for at, size in chunks:
                if prepare is not None:
                    prepare(work_id, at, size)
                if kind != "reveal":
                    publish_chunk(work_id, at, size)
            if kind == "reveal":  # first all births, then all at once
                for at, size in chunks:
                    publish_chunk(work_id, at, size)
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
    start = min(covered, work.first) if work.kind in ("release", "mint") else work.first
    return work.kind, start, work.first, work.count


@DBOS.step()
def deploy(work_id: int) -> None:
    work = _work(work_id)
    key = deploy_key(work.collection_id)
    _report(work_id, note="deploying the contract")
    _carry(work_id, key)
    world().deploying.finish(work.project_id, work.collection_id)


@DBOS.step()
def purge(work_id: int) -> None:
    work = _work(work_id)
    _patiently(work_id, lambda: world().publishing.purge(work.project_id, work.collection_id, work.first, work.count))


@DBOS.step()
def birth_chunk(work_id: int, first: int, count: int) -> None:
    """Births of a chunk."""
    work = _work(work_id)

    def progress(done: int) -> None:
        # Ids before ours are released with ours, but they are not what was asked for.
        _report(work_id, note=f"births from {first} on: {done}", done=max(0, first + done - work.first))

    _patiently(work_id, lambda: world().births.make(work.project_id, work.collection_id, first, count, progress))


@DBOS.step()
def polish_chunk(work_id: int, first: int, count: int) -> None:
    """A model's version of every text of a chunk; what a run before this one polished stays."""
    work = _work(work_id)
    here = world()
    for token_id in range(first, first + count):
        _report(work_id, note=f"polishing token {token_id}", done=token_id - work.first)
        make = partial(here.versions.polish, work.project_id, work.collection_id, token_id, here.polishing.draft)
        _patiently(work_id, make)


_PREPARE: Final = {"release": birth_chunk, "mint": birth_chunk, "reveal": birth_chunk, "polish": polish_chunk}


@DBOS.step()
def publish_chunk(work_id: int, first: int, count: int) -> None:
    work = _work(work_id)
    _report(work_id, note="publishing")
    _patiently(work_id, lambda: world().publishing.publish(work.project_id, work.collection_id, first, count))


@DBOS.step()
def close_minting(work_id: int) -> None:
    """End the minting of a blind collection, unless that was done."""
    work = _work(work_id)
    here = world()
    if _patiently(work_id, lambda: _state(work)).reveal_block is None:
        _report(work_id, note="ending the mint")
        _carry(work_id, here.revealing.plan_close(work.project_id, work.collection_id, _sender()))


@DBOS.step()
def capture_seed(work_id: int) -> None:
    """Wait for the block, write down its hash, wait until that is final, and take the seed from it."""
    work = _work(work_id)
    here = world()
    while True:
        state = _patiently(work_id, lambda: _state(work))
        if state.captured is None and state.reveal_block is not None and state.block.number > state.reveal_block:
            _report(work_id, note=f"capturing block {state.reveal_block}")
            block = state.reveal_block
            key = here.revealing.plan_capture(work.project_id, work.collection_id, block, _sender())
            _carry(work_id, key)
            continue
        if state.captured is not None:
            final = _patiently(work_id, lambda: _state(work, "finalized"))
            if final.captured is not None:
                here.revealing.finish(work.project_id, work.collection_id, final)
                return
            _report(work_id, note="waiting until the captured block is final")
        else:
            _report(work_id, note=f"waiting for block {(state.reveal_block or 0) + 1}, now {state.block.number}")
        if _chain_id(work) == EMBEDDED_CHAIN_ID:
            number = state.block.number + 1
            _carry(work_id, here.revealing.plan_block(work.project_id, work.collection_id, number, _sender()))
        else:
            pause(1.0)


@DBOS.step()
def plan_commit(work_id: int) -> int | None:
    work = _work(work_id)
    return world().commits.plan(work.project_id, work.collection_id, _sender())


@DBOS.step()
def carry_commit(work_id: int, number: int) -> None:
    work = _work(work_id)
    key = commit_key(work.collection_id, number)
    _report(work_id, note=f"commit {number}")
    _carry(work_id, key)
    world().commits.finish(work.project_id, work.collection_id, number)


@DBOS.step()
def plan_mints(work_id: int, first: int, count: int) -> list[str]:
    work = _work(work_id)
    return world().minting.plan(work.project_id, work.collection_id, first, count, _sender())


@DBOS.step()
def carry_mint(work_id: int, key: str) -> None:
    _report(work_id, note=f"minting ({key})")
    _carry(work_id, key)


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


def _carry(work_id: int, key: str) -> None:
    """Take a planned transaction as far as it goes."""
    work = _work(work_id)
    _patiently(work_id, lambda: _transactions(work).carry(work.project_id, key))


def _work(work_id: int) -> Work:
    with world().database.read() as unit:
        return unit.works.get(work_id)


def _sender() -> Address:
    return world().signer.address


def _state(work: Work, tag: BlockTag = "latest") -> CollectionState:
    """What the work's contract says of itself."""
    with world().database.read() as unit:
        collection = unit.collections.get(work.project_id, work.collection_id)
    reader = world().chain(collection.chain_id).reader
    return reader.collection(Address(checksum_address(collection.contract or "")), tag)


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
