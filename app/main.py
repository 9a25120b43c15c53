"""The web application: FastAPI behind the raw handler. `server()` is what granian calls, once a process."""

from fastapi import FastAPI

from app import pages
from app.api import auth, chat, collections, costs, memories, operations, responses, tokens
from app.api.metrics import registry
from app.api.public import PublicEdge
from app.api.rsgi import Server
from app.bootstrap import World
from app.logs import configure
from app.pages import demo
from app.settings import load

DESCRIPTION = """Metadata, images and personalities of NFT agents. Public reads need no key, answer from stored
snapshots, and are the same bytes that are pinned and committed."""


def build(world: World) -> Server:
    """The whole web application over a world."""
    edge = PublicEdge(
        world.database,
        world.reading,
        cache_bytes=world.settings.cache_mb << 20,
        purge_active=world.purger.active,
    )
    application = FastAPI(
        title="dnft", version="0.1.0", description=DESCRIPTION, redirect_slashes=False, docs_url=None, redoc_url=None
    )
    responses.install(application)
    application.include_router(operations.router)
    application.include_router(collections.router)
    application.include_router(auth.router)
    application.include_router(memories.router)
    application.include_router(chat.router)
    application.include_router(costs.router)
    application.include_router(pages.router)
    if world.settings.env == "demo":
        application.include_router(demo.router)
    application.include_router(tokens.router)
    server = Server(edge, application, background=[lambda: world.chat.turns.keep()])
    application.state.world = world
    application.state.edge = edge
    application.state.desk = auth.Desk(world.settings)
    application.state.registry = registry(server, edge)
    return server


def server() -> Server:
    """Entry of a server process: settings from the environment."""
    settings = load()
    configure(settings.log_level, settings.log_format)
    return build(World(settings))
