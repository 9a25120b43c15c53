"""What a Workshop promises, asked of the one in this thread and of the one with processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.adapters.workshop import InlineWorkshop, ProcessWorkshop
from app.errors import Conflict
from app.ports import Workshop


@pytest.fixture(scope="module", params=[1, 2], ids=["inline", "processes"])
def workshop(request: pytest.FixtureRequest) -> Iterator[Workshop]:
    made: Workshop = InlineWorkshop() if request.param == 1 else ProcessWorkshop(request.param)
    yield made
    made.close()


def add(one: int, other: int, *, twice: bool = False) -> int:
    return (one + other) * (2 if twice else 1)


def refuse() -> None:
    raise Conflict("no", hint="none")


def here() -> int:
    return os.getpid()


def test_run_returns_what_the_function_does(workshop: Workshop) -> None:
    assert workshop.run(add, 2, 3) == 5
    assert workshop.run(add, 2, other=3, twice=True) == 10


def test_run_raises_what_the_function_does(workshop: Workshop) -> None:
    with pytest.raises(Conflict, match="no"):
        workshop.run(refuse)


def test_run_from_several_threads_gives_each_its_own(workshop: Workshop) -> None:
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda at: workshop.run(add, at, at), range(20))) == [2 * at for at in range(20)]


def test_close_and_run_again_works(workshop: Workshop) -> None:
    workshop.close()
    assert workshop.run(add, 1, 1) == 2


def test_lanes_says_how_many_run_at_once(workshop: Workshop) -> None:
    seen = {workshop.run(here) for _ in range(20)}
    assert (os.getpid() in seen) == (workshop.lanes == 1)
    assert len(seen) <= workshop.lanes


def die_once(mark: str) -> str:
    path = Path(mark)
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def test_run_process_killed_in_the_middle_is_repeated(tmp_path: Path) -> None:
    workshop = ProcessWorkshop(1)
    try:
        assert workshop.run(die_once, str(tmp_path / "mark")) == "done"
    finally:
        workshop.close()


PARENT = """
import os, sys, time
from app.adapters.workshop import ProcessWorkshop
from tests.ports.test_workshop import here
if __name__ == "__main__":
    print(ProcessWorkshop(1).run(here), flush=True)
    time.sleep(60)
"""


def test_processes_of_a_killed_parent_end_by_themselves(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 15
    while _alive(child) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _alive(child)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
