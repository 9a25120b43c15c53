"""What a TombstoneLog promises, asked of the file and of the one in memory."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from app.adapters.tombstones_file import FileTombstones
from app.adapters.tombstones_memory import MemoryTombstones
from app.errors import StoreUnavailable
from app.ports import TombstoneLog
from app.scope import Tombstone

ONE, OTHER = Tombstone(1, "ab" * 16, 1_700_000_000), Tombstone(2, "cd" * 16, 1_700_000_001)


@pytest.fixture(params=["file", "memory"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> TombstoneLog:
    made: dict[str, Callable[[], TombstoneLog]] = {
        "file": lambda: FileTombstones(tmp_path / "deep" / "erased.jsonl"),
        "memory": MemoryTombstones,
    }
    return made[request.param]()


def test_all_of_an_empty_log_is_empty(log: TombstoneLog) -> None:
    assert list(log.all()) == []


def test_all_gives_what_was_added_in_order(log: TombstoneLog) -> None:
    for tombstone in (ONE, OTHER, ONE):
        log.add(tombstone)
    assert list(log.all()) == [ONE, OTHER, ONE]


def test_file_is_private_and_readable_by_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "erased.jsonl"
    FileTombstones(path).add(ONE)
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(FileTombstones(path).all()) == [ONE]


@pytest.mark.parametrize("cut", range(1, 70, 7))
def test_file_line_broken_off_by_a_power_cut_is_passed_over_and_the_next_one_is_whole(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "erased.jsonl"
    log = FileTombstones(path)
    log.add(ONE)
    whole = path.stat().st_size
    log.add(OTHER)
    with path.open("r+b") as file:
        file.truncate(whole + cut)
    assert list(log.all()) == [ONE]
    log.add(OTHER)
    assert list(log.all()) == [ONE, OTHER]
    log.add(ONE)
    assert list(log.all()) == [ONE, OTHER, ONE]


@pytest.mark.parametrize("line", [b"{}", b"[]", b"null", b'{"project": "1", "user": "x", "erasedAt": 1}', b"\xff\xfe"])
def test_file_damaged_line_is_said_not_passed_over(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "erased.jsonl"
    FileTombstones(path).add(ONE)
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(StoreUnavailable, match="Line 2"):
        FileTombstones(path).all()


def test_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "erased.jsonl").mkdir()
    with pytest.raises(StoreUnavailable):
        FileTombstones(tmp_path / "erased.jsonl").add(ONE)
    with pytest.raises(StoreUnavailable):
        FileTombstones(tmp_path / "erased.jsonl").all()


def _add_many(path: Path, project_id: int) -> None:
    log = FileTombstones(path)
    for second in range(20):
        log.add(Tombstone(project_id, "ef" * 16, second))


def test_file_many_processes_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "erased.jsonl"
    with ProcessPoolExecutor(3) as processes:
        list(processes.map(_add_many, [path] * 3, range(3)))
    assert sorted((each.project_id, each.erased_at) for each in FileTombstones(path).all()) == [
        (project, second) for project in range(3) for second in range(20)
    ]
