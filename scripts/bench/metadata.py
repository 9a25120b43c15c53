"""How fast token JSON is answered: nginx with the same bytes as files, a plain FastAPI route, and ours.

10,000 token URLs, asked for as a Zipf distribution asks, over 32 kept-alive connections. The server has one core,
the load another. Rounds rotate the order of the servers, because machines are not equally fast all the time; a
ratio is the median over rounds of the ratios within a round.
"""

import os
import platform
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from granian import __version__ as granian_version

from app.bootstrap import World
from app.db.migrate import migrate
from app.errors import Unavailable
from app.settings import Settings
from scripts.bench import contestants, seeding
from scripts.bench.load import Load, Measured, program
from scripts.bench.plain import HEADERS_FILE
from scripts.tools import CATALOGUE

CONTRACT = "0x" + "be" * 20
KINDS = ("200", "304")
_UNITS = {"rate": "req/s", "p50": "ms", "p99": "ms"}
Runs = Mapping[tuple[str, str], list[Measured]]
"""(server, kind) → one measurement a round."""


def metadata(*, tokens: int, rounds: int, seconds: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Run the comparison; the result as described for every benchmark. Raises NotFound when nginx or wrk is missing,
    Unavailable when a server answers wrongly."""
    for part in ("nginx", "wrk"):
        program(part)
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise Unavailable("Two cores are needed: one for the server, one for the load.", retry_after=None)
    with tempfile.TemporaryDirectory(prefix="dnft-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        place = contestants.Place(folder, f"/31337/{CONTRACT}", cores[0])
        say(f"making {tokens:,} tokens")
        bodies = _seed(place, tokens)
        load = Load(folder, list(bodies), cores[-1], seconds)
        field = [
            stack.enter_context(contestants.nginx(place)),
            stack.enter_context(contestants.fastapi(place)),
            stack.enter_context(contestants.ours(place, folder / "data")),
        ]
        for server in field:
            say(f"reading every URL of {server.name} once")
            server.prepare(list(bodies), bodies)
        runs = _rounds(field, load, rounds, say)
    return {"name": "metadata", "rows": _rows(runs), "ratios": _ratios(runs), "machine": machine(cores)}


def _seed(place: contestants.Place, tokens: int) -> dict[str, bytes]:
    """The world ours serves, and the same bodies as files; returns path → body."""
    world = World(Settings.model_validate({"data": place.folder / "data"}))
    migrate(world.database)
    town = seeding.found(world, slug="bench", contract=CONTRACT, supply=tokens)
    project = world.project_id()
    world.births.make(project, town, 0, 1)
    world.publishing.publish(project, town, 0, 1)
    seeding.seed_tokens(world, town, range(tokens))
    (place.folder / "tokens").mkdir()
    bodies = {}
    for token_id in range(tokens):
        body = world.reading.token(31337, CONTRACT, token_id).body
        (place.folder / "tokens" / str(token_id)).write_bytes(body)
        bodies[f"{place.prefix}/{token_id}"] = body
    world.database.close()
    (place.folder / HEADERS_FILE).write_text(
        "cache-control: public, max-age=30, s-maxage=30, stale-if-error=86400\n"
        "access-control-allow-origin: *\n"
        "access-control-expose-headers: ETag, Last-Modified, Content-Length, Content-Range, Cache-Tag, X-Ipfs-Path\n"
        "x-content-type-options: nosniff\n"
        "cache-tag: c1,c1-t1234\n"
        'cache-groups: "c1", "c1-t1234"\n'
        "vary: Accept-Encoding\n"
    )
    return bodies


def _rounds(
    field: Sequence[contestants.Contestant], load: Load, rounds: int, say: Callable[[str], None]
) -> dict[tuple[str, str], list[Measured]]:
    runs: dict[tuple[str, str], list[Measured]] = defaultdict(list)
    for server in field:
        server.pause()
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        turn = number % len(field)
        for server in [*field[turn:], *field[:turn]]:
            with server.awake():
                for kind in KINDS:
                    runs[server.name, kind].append(load.run(server.url, server.etags, kind))
    return runs


def _rows(runs: Runs) -> list[dict[str, Any]]:
    rows = []
    for measure, unit in _UNITS.items():
        for (name, kind), measured in runs.items():
            values = [getattr(each, measure) for each in measured]
            label = f"{name} {kind}" if measure == "rate" else f"{name} {kind} {measure}"
            digits = 0 if measure == "rate" else 3
            middle, low, high = (round(value, digits) for value in (median(values), min(values), max(values)))
            rows.append({"variant": label, "median": middle, "min": low, "max": high, "unit": unit})
    return rows


def _ratios(runs: Runs) -> dict[str, float]:
    def ratio(ours: str, theirs: str, kind: str, measure: str) -> float:
        pairs = zip(runs[ours, kind], runs[theirs, kind], strict=True)
        each: list[float] = [getattr(one, measure) / getattr(other, measure) for one, other in pairs]
        return round(median(each), 3)

    return {
        **{f"ours/nginx {kind}": ratio("ours", "nginx", kind, "rate") for kind in KINDS},
        **{f"ours/fastapi {kind}": ratio("ours", "fastapi", kind, "rate") for kind in KINDS},
        **{f"ours/nginx {kind} p99": ratio("ours", "nginx", kind, "p99") for kind in KINDS},
    }


def machine(cores: Sequence[int]) -> dict[str, Any]:
    """What was measured on, and with what."""
    return machine_of(cores) | {part: CATALOGUE[part].version(program(part)) for part in ("nginx", "wrk")}


def machine_of(cores: Sequence[int]) -> dict[str, Any]:
    """What was measured on."""
    information = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    model = next((line.partition(": ")[2] for line in information if line.startswith("model name")), "unknown")
    return {
        "cpu": model,
        "cores": len(cores),
        "server_core": cores[0],
        "load_core": cores[-1],
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "granian": granian_version,
        "load_average": [round(value, 2) for value in os.getloadavg()],
    }
