"""`dnft erase`: erase what was kept of a user, for ever; and obey earlier erasures again after a restore."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.progress import Progress

from app.errors import Invalid
from app.identity import Account
from app.ports import Address
from app.provenance.ids import checksum_address, parse_chain_id
from app.scope import PSEUDONYM_HEX
from scripts.commands.collections import open_world
from scripts.output import DryRun, Json, Result, command, progress, show_pairs


@command(show_pairs)
def erase(
    account: Annotated[
        str | None, typer.Argument(metavar="ACCOUNT", help="CAIP-10 account: eip155:{chain}:{address}.")
    ] = None,
    user: Annotated[str | None, typer.Option("--user", help="Pseudonym, 32 hex digits, instead of an account.")] = None,
    everywhere: Annotated[bool, typer.Option("--everywhere", help="In every project, not only this one.")] = False,
    restored: Annotated[
        bool, typer.Option("--restored", help="Obey the log of erasures on a database restored from a backup.")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> Result:
    """Erase everything of a user: keys, memories, summaries, conversations. There is no way back."""
    if [account, user, restored or None].count(None) != 2:
        raise Invalid("Name one: an account, --user, or --restored.")
    world = open_world()
    if restored:
        if dry_run:
            return {"would obey": world.erasing.waiting()}
        with Progress(console=progress, transient=True) as bar:
            task = bar.add_task("Erasing again", total=None)
            replayed = world.erasing.apply_tombstones(lambda done, total: bar.update(task, completed=done, total=total))
        return {"obeyed": replayed.tombstones, **asdict(replayed.counts)}
    if user is None:
        user = world.pseudonym(_account(account or ""))
    elif len(user) != PSEUDONYM_HEX or not set(user) <= set("0123456789abcdef"):
        raise Invalid(f"A pseudonym is {PSEUDONYM_HEX} lower-case hex digits.")
    erasing = world.erasing
    if everywhere:
        counts = erasing.count_everywhere(user) if dry_run else erasing.erase_everywhere(user)
    else:
        project_id = world.project_id()
        counts = erasing.count(project_id, user) if dry_run else erasing.erase(project_id, user)
    return {"user": user, "dry_run": dry_run, **asdict(counts)}


def _account(text: str) -> Account:
    """In any letter case, as people paste it."""
    space, _, rest = text.partition(":")
    chain, _, address = rest.partition(":")
    if space != "eip155":
        raise Invalid("An account id reads eip155:{chain}:{address}.")
    return Account(parse_chain_id(chain), Address(checksum_address(address)))
