"""Commands that change collections: deploy, mint. They write rows and let a worker do the work, their own if none is
alive, so they can be interrupted and run again at any time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.bootstrap import World
from app.db.migrate import migrate
from app.db.tables import Collection, Work, WorkState
from app.errors import ChainRefused, Invalid, NotFound
from app.logs import configure
from app.ports import Address
from app.provenance.ids import checksum_address
from app.services.deploying import NewCollection, deploy_key
from app.settings import load
from personalities import load_pack
from scripts.output import DryRun, Json, Result, command, progress, show_pairs


class Kind(StrEnum):
    OPEN = "open"
    BLIND = "blind"


Slug = Annotated[str, typer.Argument(help="Name of the collection in commands.", metavar="COLLECTION")]


@command(show_pairs)
def deploy(
    slug: Slug,
    name: Annotated[str, typer.Option(help="Name on the contract.")],
    supply: Annotated[int, typer.Option(help="How many tokens there can ever be.")],
    symbol: Annotated[str, typer.Option(help="Symbol on the contract.")] = "AGENT",
    description: Annotated[str, typer.Option(help="A sentence for marketplaces.")] = "",
    chain_id: Annotated[int | None, typer.Option("--chain", help="Chain id; default: the only endpoint set.")] = None,
    seed: Annotated[str | None, typer.Option(help="Collection seed, 64 hex digits; default: fresh.")] = None,
    pack: Annotated[str, typer.Option(help="Personality pack.")] = "dixie",
    renderer: Annotated[str, typer.Option(help="Renderer of the pictures.")] = "portrait",
    kind: Annotated[Kind, typer.Option(help="open: born before the mint; blind: revealed after it.")] = Kind.OPEN,
    polish: Annotated[bool, typer.Option(help="Let the model of the agent platform polish every text.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> Result:
    """Deploy a collection's contract."""
    world = open_world()
    settings = world.settings
    wanted = NewCollection(
        slug=slug,
        name=name,
        symbol=symbol,
        description=description,
        supply=supply,
        origin=settings.origin,
        chain_id=chain_id or _only_chain(world),
        seed=world.new_seed(seed) if kind == Kind.OPEN else seed or "",
        pack=pack,
        renderer=renderer,
        kind=kind,
        polish=polish,
    )
    if polish:
        world.platform  # noqa: B018  says now, not at the first birth, that there is none
    world.deploying.check(wanted)
    chain = world.chain(wanted.chain_id)
    if chain.reader.chain_id() != wanted.chain_id:
        raise ChainRefused(f"The node serves chain {chain.reader.chain_id()}, not {wanted.chain_id}.")
    sender = world.signer.address
    if dry_run:
        call = world.deploying.deployment(wanted, wanted.seed, load_pack(pack).hash, sender)
        gas = chain.reader.simulate(sender, call)
        fees = chain.reader.fees()
        return {"would deploy": name, "sender": sender, "gas": gas, "at most wei": gas * fees.max_fee}
    project_id = world.project_id()
    collection_id = world.deploying.plan(project_id, wanted, sender)
    work = request(world, project_id, collection_id, kind="deploy", key=deploy_key(collection_id))
    finish(world, work)
    return describe(world, find(world, slug))


@command(show_pairs)
def mint(
    slug: Slug,
    count: Annotated[int, typer.Option(min=1, help="How many tokens.")] = 1,
    to: Annotated[list[str] | None, typer.Option(help="Receiver; several take turns. Default: the sender.")] = None,
    release_only: Annotated[bool, typer.Option(help="Births, release and commit, but no mint.")] = False,
    again: Annotated[bool, typer.Option(help="Go on with what is unfinished instead of minting more.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> Result:
    """Give birth to the next tokens, release them, and mint them."""
    world = open_world()
    collection = find(world, slug)
    if collection.contract is None or collection.id is None:
        raise Invalid(f"{slug} is not deployed yet.", hint="Run `dnft deploy` again; it goes on where it stopped.")
    receivers = [Address(checksum_address(address)) for address in to or [world.signer.address]]
    with world.database.read() as unit:
        unfinished = [work for work in unit.works.recent(collection.project_id, 100) if is_open(work, collection.id)]
        first = unit.chains.planned_mints(collection.project_id, collection.id)
    if dry_run:
        return {
            "collection": slug,
            "would mint": f"{first} to {first + count - 1}",
            "births": max(0, first + count - collection.covered),
            "receivers": ", ".join(receivers),
            "unfinished work": len(unfinished),
        }
    if not again or not unfinished:
        if release_only:
            first = collection.covered
            kind = "release"
        else:
            turns = [receivers[at % len(receivers)] for at in range(count)]
            first = world.minting.reserve(collection.project_id, collection.id, turns)
            kind = "mint"
        key = f"{kind}:{collection.id}:{first}:{count}"
        unfinished.append(request(world, collection.project_id, collection.id, kind, key, first, count))
    for work in unfinished:
        finish(world, work)
    return describe(world, find(world, slug))


@command(show_pairs)
def reveal(slug: Slug, dry_run: DryRun = False, as_json: Json = False) -> Result:
    """End the minting of a blind collection, take its seed from a later block, and give birth to every agent.

    Irreversible. It can be interrupted at any point; the same command goes on."""
    world = open_world()
    collection = find(world, slug)
    assert collection.id is not None
    world.revealing.check(collection.project_id, collection.id)
    with world.database.read() as unit:
        covered, minted = collection.covered, unit.tokens.minted(collection.project_id, collection.id)
    if dry_run:
        return {"collection": slug, "would end the mint at": minted, "births": covered, "seed": collection.seed or None}
    key = f"reveal:{collection.id}"
    finish(world, request(world, collection.project_id, collection.id, "reveal", key, 0, covered))
    return describe(world, find(world, slug))


@command(show_pairs)
def status(
    slug: Annotated[str | None, typer.Argument(help="One collection; default: all.")] = None, as_json: Json = False
) -> Result:
    """Show collections and unfinished work."""
    world = open_world()
    with world.database.read() as unit:
        collections = list(unit.collections.of(world.project_id()))
        works = [work for work in unit.works.recent(world.project_id(), 20) if work.state != WorkState.DONE]
    if slug is not None:
        collections = [find(world, slug)]
    return {
        **{each.slug: describe(world, each) for each in collections},
        **{f"work {work.key}": f"{work.state}: {work.note} {work.error}".strip() for work in works},
    }


def open_world() -> World:
    settings = load()
    configure("warning" if settings.log_level == "info" else settings.log_level, settings.log_format)
    world = World(settings)
    migrate(world.database)
    return world


def find(world: World, slug: str) -> Collection:
    with world.database.read() as unit:
        found = unit.collections.by_slug(world.project_id(), slug)
    if found is None:
        raise NotFound(f"This project has no collection {slug}.", hint="`dnft status` lists them.")
    return found


def is_open(work: Work, collection_id: int) -> bool:
    return work.collection_id == collection_id and work.state != WorkState.DONE and work.kind != "deploy"


def describe(world: World, collection: Collection) -> Result:
    with world.database.read() as unit:
        shown, minted = unit.public.counts(collection.id or 0)
    return {
        "collection": collection.slug,
        "chain": collection.chain_id,
        "contract": checksum_address(collection.contract) if collection.contract else None,
        "kind": collection.kind,
        "seed": collection.seed or None,
        "pack": collection.pack,
        "supply": collection.supply,
        "released": shown,
        "covered": collection.covered,
        "minted": minted,
        "url": f"{collection.origin}/{collection.chain_id}/{collection.contract}" if collection.contract else None,
    }


def request(
    world: World, project_id: int, collection_id: int, kind: str, key: str, first: int = 0, count: int = 0
) -> Work:
    """Write the work row, or find it."""
    now = int(world.clock.now().timestamp())
    with world.database.write() as unit:
        return unit.works.request(
            Work(
                project_id=project_id,
                collection_id=collection_id,
                kind=kind,
                key=key,
                first=first,
                count=count,
                total=count,
                created_at=now,
                updated_at=now,
            )
        )


def finish(world: World, work: Work) -> None:
    """See a work row to its end, with progress; raises what stopped it."""
    from app.workflows.worker import Worker, alive, wait_for

    assert work.id is not None
    if work.state == WorkState.FAILED:
        work = request(world, work.project_id, work.collection_id, work.kind, work.key, work.first, work.count)
    own = None if alive(world) else Worker(world)
    if own is not None:
        own.start()
    try:
        with bar(work) as update:
            ended = wait_for(world, work.id or 0, update)
    finally:
        if own is not None:
            own.stop(wait_seconds=0)
    if ended.state == WorkState.FAILED:
        raise ChainRefused(ended.error, hint="Mend the cause and run the same command again with --again.")


@contextmanager
def bar(work: Work) -> Iterator[Callable[[Work], None]]:
    columns = (TextColumn("{task.fields[note]:<40}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=progress, transient=True) as shown:
        task = shown.add_task("work", total=work.total or None, note=work.kind)
        yield lambda row: shown.update(task, completed=row.done, note=row.note[:40])


def _only_chain(world: World) -> int:
    chains = list(world.settings.rpc_urls)
    if len(chains) != 1:
        raise Invalid("Which chain? Name it with --chain.", hint=f"DNFT_RPC_URLS has {len(chains)} endpoints.")
    return chains[0]
