"""The baseline people would write first: a FastAPI route that answers JSON from a dictionary, as `python -m` command.

python -m scripts.bench.plain PORT FOLDER      serves every file of FOLDER with a stored ETag
"""

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI, Request, Response
from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server as Granian

HEADERS_FILE = "headers"
"""In FOLDER: the other response headers, one `name: value` a line."""


def application(folder: Path) -> FastAPI:
    bodies = {path.name: path.read_bytes() for path in (folder / "tokens").iterdir()}
    etags = {name: f'"{hashlib.sha256(body).hexdigest()}"' for name, body in bodies.items()}
    headers = dict(line.split(": ", 1) for line in (folder / HEADERS_FILE).read_text().splitlines())
    app = FastAPI(openapi_url=None)

    @app.get("/{chain_id}/{contract}/{token_id}")
    async def token(request: Request, chain_id: int, contract: str, token_id: str) -> Response:
        if token_id not in bodies:
            return Response(status_code=404)
        own = {**headers, "etag": etags[token_id]}
        if request.headers.get("if-none-match") == etags[token_id]:
            return Response(status_code=304, headers=own)
        return Response(bodies[token_id], headers=own, media_type="application/json")

    return app


_FOLDER = Path(sys.argv[2]) if len(sys.argv) > 2 else None


def app() -> FastAPI:
    """Entry of the server process, which granian starts with our arguments."""
    assert _FOLDER is not None
    return application(_FOLDER)


def main(arguments: Sequence[str]) -> None:
    Granian(
        "scripts.bench.plain:app",
        address="127.0.0.1",
        port=int(arguments[0]),
        interface=Interfaces.ASGI,
        runtime_threads=1,
        loop=Loops.uvloop,
        websockets=False,
        factory=True,
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
