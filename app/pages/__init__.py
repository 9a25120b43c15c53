"""Pages for people: server-rendered, whole without scripts."""

from fastapi import APIRouter

from app.pages import agent, costs, gallery, home, me, reference

router = APIRouter()
for _part in (home, reference, gallery, agent, me, costs):
    router.include_router(_part.router)
