"""Pages for people: server-rendered, whole without scripts."""

from fastapi import APIRouter

from app.pages import agent, gallery, home, reference

router = APIRouter()
for _part in (home, reference, gallery, agent):
    router.include_router(_part.router)
