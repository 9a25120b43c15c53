"""`dnft bench birth`: complete births a second on one core, and the memory that a whole collection of them takes.

A complete birth is the personality and all its texts: BEAUVOIR.md, description and introduction; no picture. Speed is
measured in rounds in which the variants take turns, in processor time, so that other programs on the machine count for
nothing. Memory is the high-water mark of a fresh process that makes the whole collection and keeps all of it.
"""

import multiprocessing
import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from app.errors import Invalid, Unavailable
from personalities import Pack, PackError, beauvoir, birth, description, introduction, load_pack

ROUNDS = 7
SEED = bytes(range(32))
_MOST_A_ROUND = 2_000
_MIB = 1 << 20

Variant = Callable[[int, int, Pack], object]


def _facts(token: int, supply: int, pack: Pack) -> object:
    return birth(SEED, supply, token, pack)


def _with_document(token: int, supply: int, pack: Pack) -> object:
    p = birth(SEED, supply, token, pack)
    return p, beauvoir(p, pack)


def _complete(token: int, supply: int, pack: Pack) -> object:
    p = birth(SEED, supply, token, pack)
    return p, beauvoir(p, pack), description(p, pack), introduction(p, pack)


VARIANTS: dict[str, Variant] = {
    "personality only": _facts,
    "with document": _with_document,
    "complete birth": _complete,
}


def run_birth_bench(tokens: int, pack: str, say: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Measure births of a collection of `tokens` (2 or more) with the pack of that name or path. Returns `name`,
    `rows` (births per second of one core, MiB), `ratios` and `machine`. Raises Invalid for a pack that cannot be
    loaded or a supply that is out of range."""
    loaded = checked_pack(pack)
    if not 2 <= tokens <= 1 << 20:
        raise Invalid(f"{tokens} tokens cannot be measured.", hint="Choose 2 to 1,048,576.")
    runs: dict[str, list[float]] = {name: [] for name in VARIANTS}
    some = min(tokens, _MOST_A_ROUND)
    for number in range(ROUNDS):
        say(f"round {number + 1} of {ROUNDS}")
        for name, variant in _turned(number):
            first = number * some % tokens
            runs[name].append(_rate(variant, [(first + at) % tokens for at in range(some)], tokens, loaded))
    say(f"{tokens:,} births in a fresh process")
    memory = _memory(tokens, pack)
    rows = [_row(name, rates, "births/s", 0) for name, rates in runs.items()]
    rows.append(_row("process with the pack loaded", [memory["loaded"]], "MiB", 1))
    rows.append(_row(f"process holding {tokens} births", [memory["peak"]], "MiB", 1))
    return {
        "name": "birth",
        "rows": rows,
        "ratios": {
            f"{name}/personality only": _ratio(runs[name], runs["personality only"]) for name in list(VARIANTS)[1:]
        },
        "machine": machine(loaded),
    }


def checked_pack(pack: str) -> Pack:
    """The pack of that name, or in the folder of that path; raises Invalid."""
    try:
        return load_pack(pack)
    except PackError as problem:
        raise Invalid(
            f"The pack cannot be used: {problem}", hint="`dnft pack check` says more. Packaged packs: dixie, mibera."
        ) from None


def machine(pack: Pack) -> dict[str, Any]:
    """What was measured on, and with which pack."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text(errors="replace").splitlines() if information.exists() else []
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "pack": pack.id,
        "load_average": [round(value, 2) for value in os.getloadavg()],
    }


def _turned(number: int) -> list[tuple[str, Variant]]:
    turn = number % len(VARIANTS)
    every = list(VARIANTS.items())
    return [*every[turn:], *every[:turn]]


def _rate(variant: Variant, ids: list[int], supply: int, pack: Pack) -> float:
    start = time.process_time()
    for token in ids:
        variant(token, supply, pack)
    return len(ids) / (time.process_time() - start)


def _memory(tokens: int, pack: str) -> dict[str, float]:
    """MiB of a process of its own: after loading the pack, and at most."""
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=_hold, args=(tokens, pack, sending))
    child.start()
    sending.close()
    try:
        measured: dict[str, float] = receiving.recv()
    except EOFError:
        raise Unavailable(
            f"The process that held {tokens:,} births ended early.", hint="Is there enough memory?", retry_after=None
        ) from None
    finally:
        child.terminate()
        child.join()
    return measured


def _hold(tokens: int, pack: str, answer: Any) -> None:
    loaded = load_pack(pack)
    before = _high_water()
    held = [_complete(token, tokens, loaded) for token in range(tokens)]
    assert len(held) == tokens
    answer.send({"loaded": before, "peak": _high_water()})


def _high_water() -> float:
    """The most memory this process ever held, in MiB. Where the system tells it by process, that is read: the counter
    of getrusage starts with what the parent process held."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / _MIB
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / _MIB


def _row(variant: str, values: list[float], unit: str, digits: int) -> dict[str, Any]:
    middle, low, high = (round(value, digits) for value in (median(values), min(values), max(values)))
    return {"variant": variant, "median": middle, "min": low, "max": high, "unit": unit}


def _ratio(ours: list[float], theirs: list[float]) -> float:
    return round(median(one / other for one, other in zip(ours, theirs, strict=True)), 3)
