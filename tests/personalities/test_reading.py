"""Folders from anyone: includes, links, sizes, encodings and depths all end in one clear error."""

import os
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import pytest

from personalities import PackError, load_pack
from personalities.loading import CHECKSUMS, checksums, draft
from personalities.reading import MAX_FILE_BYTES, contents
from tests.personalities.authoring import guide_pack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return guide_pack(tmp_path)


def add(file: str, data: bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with (folder / file).open("ab") as handle:
            handle.write(data)

    return change


def include(line: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        head = folder / "pack.toml"
        head.write_text(
            head.read_text(encoding="utf-8").split("[include]")[0] + f"[include]\n{line}\n", encoding="utf-8"
        )

    return change


def large(folder: Path) -> None:
    with (folder / "words.toml").open("wb") as handle:
        handle.truncate(50_000_000)


def link_to_itself(folder: Path) -> None:
    (folder / "words.toml").symlink_to("words.toml")


def link_out(folder: Path) -> None:
    (folder / "words.toml").symlink_to("/etc/hostname")


def looped_folder(folder: Path) -> None:
    (folder / "slots").symlink_to(".")


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "words.toml")


def crowd(folder: Path) -> None:
    for number in range(100):
        (folder / "signals" / f"s{number}.toml").touch()


def folder_named_like_a_file(folder: Path) -> None:
    (folder / "words.toml").mkdir()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (large, r"words\.toml: more than 256 KiB"),
        (link_to_itself, r"words\.toml: this is a link"),
        (link_out, r"words\.toml: this is a link"),
        (looped_folder, "slots/: this is a link"),
        (pipe, r"words\.toml: this is not a plain file"),
        (folder_named_like_a_file, r"words\.toml: this is not a plain file"),
        (crowd, "more than 64 files"),
        (add("names.toml", b'\n# fine so far\nx = "\xff"\n'), r"names\.toml: line 8 is not UTF-8"),
        (
            add("names.toml", b"x = " + b"[\n" * 3000 + b"]\n" * 3000),
            r"names\.toml.*: tables or lists are nested too deep",
        ),
        (add("names.toml", b"x = " + b"[" * 12 + b"]" * 12 + b"\n"), "nested too deep"),
        (add("names.toml", b".".join([b"a"] * 1900) + b" = 1\n"), "nested too deep"),
        (add("names.toml", b".".join([b"a"] * 9000) + b" = 1\n"), "a line has more than 4000 bytes"),
        (add("names.toml", b"x = " + b"9" * 3000 + b"\n"), "an integer is too large"),
        (add("names.toml", b"x = 0x" + b"f" * 3900 + b"\n"), "an integer is too large"),
        (add("names.toml", b"x = 2020-01-01\n"), "is a date; packs hold text"),
        (
            add("pack.toml", b'extra = ["dials.toml"]\n'),
            "include: the pack extra has no dials|there is no pack 'extra'",
        ),
        (include('"../dixie" = ["dials.toml"]'), r"'\.\./dixie' is not the name of a pack; it cannot be a path"),
        (include('"/etc" = ["dials.toml"]'), "'/etc' is not the name of a pack"),
        (include('dixie = ["../../../etc/passwd"]'), "is not a file that one pack can take"),
        (include('dixie = ["slots/../pack.toml"]'), "is not a file that one pack can take"),
        (include('dixie = ["pack.toml"]'), "is not a file that one pack can take"),
        (include('dixie = "dials.toml"'), "dixie needs a list of files"),
        (include('dixie = ["slots/nothing.toml"]'), r"the pack dixie has no slots/nothing\.toml"),
        (include('dixie = ["names.toml"]'), r"names\.toml: the pack has this file and also includes it from dixie"),
        (include('nobody = ["dials.toml"]'), "there is no pack 'nobody'"),
        (include('harbour = ["dials.toml"]'), "harbour includes harbour; packs cannot include each other"),
    ],
)
def test_draft_hostile_folder_is_one_clear_error(folder: Path, change: Callable[[Path], None], problem: str) -> None:
    change(folder)
    start = perf_counter()
    with pytest.raises(PackError, match=problem):
        draft(folder)
    assert perf_counter() - start < 5
    assert not (folder / CHECKSUMS).exists()


def pack_that_includes(parent: Path, name: str, other: str) -> Path:
    folder = parent / name
    folder.mkdir()
    (folder / "pack.toml").write_text(f'[include]\n{other} = ["dials.toml"]\n', encoding="utf-8")
    return folder


def test_contents_circle_of_packs_is_refused(tmp_path: Path) -> None:
    first = pack_that_includes(tmp_path, "one", "two")
    pack_that_includes(tmp_path, "two", "three")
    pack_that_includes(tmp_path, "three", "one")
    with pytest.raises(
        PackError, match="one includes two includes three includes one; packs cannot include each other"
    ):
        contents(first)


def test_contents_long_chain_of_packs_is_refused(tmp_path: Path) -> None:
    for number in range(20):
        pack_that_includes(tmp_path, f"p{number}", f"p{number + 1}")
    with pytest.raises(PackError, match="that is too deep"):
        contents(tmp_path / "p0")


def test_contents_pack_beside_comes_before_a_packaged_one(folder: Path) -> None:
    beside = folder.parent / "dixie"
    beside.mkdir()
    (beside / "pack.toml").write_text("", encoding="utf-8")
    with pytest.raises(PackError, match=r"the pack dixie has no dials\.toml"):
        contents(folder)


def test_load_pack_notices_a_change_in_what_it_includes(folder: Path) -> None:
    (folder / CHECKSUMS).write_text(checksums(folder).replace("a", "b"), encoding="utf-8")
    with pytest.raises(PackError, match="CHECKSUMS does not match"):
        load_pack(folder)


@pytest.mark.parametrize("junk", [b"\xff\xfe", b"", b"x", b"0" * (MAX_FILE_BYTES + 1)])
def test_load_pack_junk_checksums_are_refused(folder: Path, junk: bytes) -> None:
    (folder / CHECKSUMS).write_bytes(junk)
    with pytest.raises(PackError, match="CHECKSUMS"):
        load_pack(folder)


def test_load_pack_by_a_relative_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / CHECKSUMS).write_text(checksums(folder), encoding="utf-8")
    monkeypatch.chdir(folder)
    assert load_pack(".").id == load_pack("../harbour").id == "harbour@0.1.0"
