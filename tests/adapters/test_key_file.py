"""Keys in files: made once, read by their owner alone, never half."""

import os
import secrets
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from app.adapters.key_file import kept_key, read_key
from app.errors import ConfigurationError


def test_kept_key_makes_a_file_for_its_owner_alone_and_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "session.key"
    mask = os.umask(0)
    try:
        key = kept_key(path, secrets.token_bytes)
    finally:
        os.umask(mask)
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert kept_key(path, secrets.token_bytes) == read_key(path) == key
    assert [each.name for each in path.parent.iterdir()] == ["session.key"]


def test_kept_key_made_by_many_at_once_is_one(tmp_path: Path) -> None:
    for number in range(20):
        path, start = tmp_path / str(number) / "session.key", Barrier(8)

        def make(_: int, path: Path = path, start: Barrier = start) -> bytes:
            start.wait()
            return kept_key(path, secrets.token_bytes)

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(make, range(8)))) == 1
        assert [each.name for each in path.parent.iterdir()] == ["session.key"]


def test_read_key_without_a_file_makes_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_key(tmp_path / "session.key")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_read_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "session.key"
    kept_key(path, secrets.token_bytes)
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        read_key(path)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        kept_key(path, secrets.token_bytes)


@pytest.mark.parametrize("content", [b"", b"00" * 31, b"00" * 33, b"zz" * 32, b"\xff" * 64, b"secret"])
def test_read_key_of_something_else_is_refused_without_quoting_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "session.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match="holds no key") as caught:
        kept_key(path, secrets.token_bytes)
    assert "secret" not in str(caught.value)
    assert path.read_bytes() == content
