"""Load from wrk: the same URLs in the same order for every server, one core for the load, one for the server."""

import json
import os
import subprocess
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path

from app.errors import NotFound, Unavailable
from scripts.tools import CATALOGUE, how_to_install

CONNECTIONS = 32
_SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True, slots=True)
class Measured:
    """One run."""

    rate: float
    """Answers a second."""
    p50: float
    """Milliseconds."""
    p99: float


def program(part: str) -> Path:
    """Path of a part; NotFound, with how to get it, when it is missing."""
    found = CATALOGUE[part].find()
    if found is None:
        raise NotFound(f"This benchmark needs {part}, which is not here.", hint=how_to_install(CATALOGUE[part]))
    return found


def zipf_order(count: int, length: int) -> list[int]:
    """`length` indexes below `count`, index of rank r drawn in proportion to 1/r; the ranks are strewn over the
    indexes. Deterministic: the golden ratio's multiples are spread evenly, as chance would be in the long run."""
    cumulated = list(accumulate(1 / rank for rank in range(1, count + 1)))
    golden = (5**0.5 - 1) / 2
    step = next(step for step in range(int(count * golden) | 1, 2 * count + 2, 2) if _coprime(step, count))
    ranks = (bisect_left(cumulated, (at * golden) % 1 * cumulated[-1]) for at in range(length))
    return [rank * step % count for rank in ranks]


def _coprime(one: int, other: int) -> bool:
    while other:
        one, other = other, one % other
    return one == 1


class Load:
    """What is asked of every server."""

    def __init__(self, folder: Path, paths: Sequence[str], core: int, seconds: float) -> None:
        self._wrk = program("wrk")
        self._order = folder / "order"
        self._folder = folder
        self._paths = paths
        self._core = core
        self._seconds = max(1, round(seconds))
        self._order.write_text("\n".join(str(index + 1) for index in zipf_order(len(paths), 65_536)) + "\n")

    def run(self, url: str, etags: Sequence[str], kind: str) -> Measured:
        """One run against a server; `kind` is "200" or "304". Raises Unavailable when any answer was wrong."""
        targets = self._folder / "targets"
        targets.write_text("".join(f"{path} {etag}\n" for path, etag in zip(self._paths, etags, strict=True)))
        command = [
            *(str(self._wrk), "-t1", f"-c{CONNECTIONS}", f"-d{self._seconds}s", "-s", str(_SCRIPT), url),
            *("--", str(targets), str(self._order), kind),
        ]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=self._seconds + 60,
            preexec_fn=partial(os.sched_setaffinity, 0, {self._core}),
        )
        line = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), None)
        if line is None:
            raise Unavailable(f"wrk ended with code {done.returncode}: {(done.stderr or done.stdout)[-300:]}")
        numbers = json.loads(line.removeprefix("RESULT "))
        if numbers["errors"] or not numbers["requests"]:
            raise Unavailable(f"{numbers['errors']} of {numbers['requests']} answers of {url} were errors.")
        return Measured(numbers["requests"] / (numbers["micros"] / 1e6), numbers["p50"] / 1000, numbers["p99"] / 1000)
