"""Commands about the sending account: wallet new, wallet show."""

from pathlib import Path
from typing import Annotated

import typer

from app.adapters.signer import create_keystore, read_address
from app.bootstrap import World
from app.errors import Invalid
from app.settings import load
from scripts.output import Json, Result, command, show_pairs

wallet = typer.Typer(no_args_is_help=True, help="The account that deploys, commits and mints.")


@wallet.command("new")
@command(show_pairs)
def new(
    file: Annotated[Path, typer.Argument(help="Where to write the encrypted keystore.")],
    password: Annotated[
        str, typer.Option(prompt=True, confirmation_prompt=True, hide_input=True, help="Asked for when left out.")
    ],
    as_json: Json = False,
) -> Result:
    """Make a new account in an encrypted keystore file."""
    if len(password) < 8:
        raise Invalid("The password has at least 8 characters.")
    address = create_keystore(file, password)
    return {"address": address, "keystore": str(file), "next": f"set DNFT_KEYSTORE={file} and its password"}


@wallet.command("show")
@command(show_pairs)
def show(as_json: Json = False) -> Result:
    """Show the address, and balances where an endpoint is set."""
    settings = load()
    world = World(settings)
    address = read_address(settings.keystore) if settings.keystore is not None else world.signer.address
    balances = {f"chain {each}": f"{world.chain(each).reader.balance(address)} wei" for each in settings.rpc_urls}
    return {"address": address, **balances}
