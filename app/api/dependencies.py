"""What routes ask for: the parts of the world, put on the application once by `app.main`."""

from typing import Annotated

from fastapi import Depends, Request

from app.api.public import PublicEdge
from app.bootstrap import World
from app.services.reading import Reading


def _world(request: Request) -> World:
    world: World = request.app.state.world
    return world


def _reading(request: Request) -> Reading:
    _edge(request).feed.require_database()
    return _world(request).reading


def _edge(request: Request) -> PublicEdge:
    edge: PublicEdge = request.app.state.edge
    return edge


TheWorld = Annotated[World, Depends(_world)]
Readings = Annotated[Reading, Depends(_reading)]
Edge = Annotated[PublicEdge, Depends(_edge)]
