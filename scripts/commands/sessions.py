"""Commands about sessions of holders: sessions rotate, sessions end."""

import typer

from app.bootstrap import World
from app.db.migrate import migrate
from app.settings import load
from scripts.output import Json, Result, command, show_pairs

sessions = typer.Typer(no_args_is_help=True, help="The keys that sign the sessions of holders.")


@sessions.command("rotate")
@command(show_pairs)
def rotate(as_json: Json = False) -> Result:
    """Sign with a new key from now on; nobody is signed out. Happens by itself once a week."""
    world = _world()
    return {"signs": world.keyring.rotate(), "verify": " ".join(key.kid for key in world.keyring.verifying())}


@sessions.command("end")
@command(show_pairs)
def end(as_json: Json = False) -> Result:
    """Forget all keys, and with them end every session at once: for the day a key was stolen or the secret lost."""
    world = _world()
    world.keyring.drop_all()
    return {"sessions": "ended", "next": "holders sign in again"}


def _world() -> World:
    world = World(load())
    migrate(world.database)
    return world
