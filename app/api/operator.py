"""`dependencies=Operator` of a router: its routes are for operators only."""

from typing import Final

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from app.api.dependencies import TheWorld
from app.services.operators import require_operator

_DESCRIBED: Final = HTTPBearer(
    scheme_name="Operator", description="The operator key, DNFT_OPERATOR_KEY.", auto_error=False
)


def _operator(request: Request, world: TheWorld) -> None:
    settings = world.settings
    require_operator(
        request.headers,
        request.client.host if request.client is not None else "",
        key=settings.operator_key.get_secret_value() if settings.operator_key is not None else "",
        trust_this_machine=settings.env != "production",
    )


Operator: Final = [Depends(_operator), Depends(_DESCRIBED)]
