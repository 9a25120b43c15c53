"""Commands about the texts of tokens that live in a collection: personality versions, write, polish, rollback.

A new text is a new snapshot. Commands prepare it and let a worker show and commit it, their own if none is alive."""

from pathlib import Path
from typing import Annotated

import typer

from app.bootstrap import World
from app.db.tables import Collection, Version
from app.errors import Invalid
from personalities.pack import MAX_DOCUMENT_BYTES
from scripts.commands.collections import Slug, find, finish, open_world, request
from scripts.output import DryRun, Json, Result, command, show_pairs

Token = Annotated[int, typer.Argument(metavar="TOKEN", min=0, help="Token id.")]
Head = Annotated[
    int | None, typer.Option("--head", min=1, help="The version you saw: refused if there is a newer one by now.")
]


def add_to(group: typer.Typer) -> None:
    """Add these commands to `dnft personality`."""
    for name, function in (("versions", versions), ("write", write), ("polish", polish), ("rollback", rollback)):
        group.command(name)(function)


def _show_versions(result: Result) -> None:
    for each in result["versions"]:
        model = f"  by {each['model']}" if each["model"] else ""
        print(f"{each['number']:>4}  {each['trigger']:<11}  {each['sha256'][:16]}…  {each['bytes']:>5} bytes{model}")


@command(_show_versions)
def versions(slug: Slug, token: Token, as_json: Json = False) -> Result:
    """List every version of a token's BEAUVOIR.md, oldest first."""
    world = open_world()
    project_id, collection_id = _ids(find(world, slug))
    found = world.versions.of(project_id, collection_id, token)
    return {"collection": slug, "token": token, "versions": [_row(each) for each in found]}


@command(show_pairs)
def write(
    slug: Slug,
    token: Token,
    file: Annotated[Path, typer.Argument(help="The new BEAUVOIR.md, whole.")],
    head: Head = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> Result:
    """Give a token a text written by hand. It is judged like every other."""
    if not file.is_file() or file.stat().st_size > 4 * MAX_DOCUMENT_BYTES:
        raise Invalid(f"{file} is no file of at most {MAX_DOCUMENT_BYTES:,} bytes.")
    try:
        document = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Invalid(f"{file} is not UTF-8.") from None
    world = open_world()
    project_id, collection_id = _ids(find(world, slug))
    if dry_run:
        problems = world.versions.judge(project_id, collection_id, token, document)
        return {"token": token, "would write version": len(problems) == 0, "problems": problems}
    made = world.versions.write(project_id, collection_id, token, document, expected=head)
    return _shown(world, find(world, slug), made)


@command(show_pairs)
def rollback(
    slug: Slug,
    token: Token,
    to: Annotated[int, typer.Option("--to", min=1, help="Number of the version to go back to.")],
    head: Head = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> Result:
    """Give a token the text of an earlier version again, as a new version."""
    world = open_world()
    project_id, collection_id = _ids(find(world, slug))
    if dry_run:
        found = world.versions.of(project_id, collection_id, token)
        return {"token": token, "head": found[-1].number, "would write version": found[-1].number + 1, "of": to}
    made = world.versions.rollback(project_id, collection_id, token, to, expected=head)
    return _shown(world, find(world, slug), made)


@command(show_pairs)
def polish(
    slug: Slug,
    first: Annotated[int, typer.Option(min=0, help="First token id.")] = 0,
    count: Annotated[int | None, typer.Option(min=1, help="How many tokens. Default: all that are released.")] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> Result:
    """Let the model of the agent platform improve texts. One that was polished already stays; one whose drafts all
    break rules stays too."""
    world = open_world()
    collection = find(world, slug)
    project_id, collection_id = _ids(collection)
    platform = world.platform
    wanted = min(count or collection.covered, max(0, collection.covered - first))
    if wanted < 1:
        raise Invalid(f"{slug} has no released tokens from {first} on.", hint="`dnft mint` releases tokens.")
    if dry_run:
        return {"collection": slug, "would ask": platform.name, "for tokens": f"{first} to {first + wanted - 1}"}
    with world.database.read() as unit:
        before = unit.texts.by_model(project_id, collection_id, first, wanted)
    key = f"polish:{collection_id}:{first}:{wanted}:{before}"
    finish(world, request(world, project_id, collection_id, "polish", key, first, wanted))
    with world.database.read() as unit:
        after = unit.texts.by_model(project_id, collection_id, first, wanted)
    return {"collection": slug, "asked for": wanted, "polished now": after - before, "polished": after}


def _shown(world: World, collection: Collection, version: Version) -> Result:
    """Have a new version shown and committed, and tell of it."""
    project_id, collection_id = _ids(collection)
    key = f"publish:{collection_id}:{version.token_id}:{version.number}"
    finish(world, request(world, project_id, collection_id, "publish", key, version.token_id, 1))
    return {"token": version.token_id, **_row(version)}


def _row(version: Version) -> dict[str, object]:
    return {
        "number": version.number,
        "parent": version.parent,
        "trigger": version.trigger,
        "sha256": version.sha256,
        "cid": version.cid,
        "bytes": len(version.document.encode()),
        "model": version.model,
        "prompt_hash": version.prompt_hash,
        "created_at": version.created_at,
    }


def _ids(collection: Collection) -> tuple[int, int]:
    assert collection.id is not None
    return collection.project_id, collection.id
