"""Reads a pack's folder into parsed files. The folder may come from anyone: everything is bounded before it is parsed.

A pack may take files from another: `[include]` in pack.toml names packs and the files wanted from each. A name is
looked for beside the pack's own folder, then among the packaged packs; it is never a path.
"""

import os
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from personalities.errors import PackError
from personalities.fields import meant

PACK_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
MAX_FILE_BYTES = 256 * 1024
MAX_LINE_BYTES = 4000
MAX_FILES = 64
MAX_DEPTH = 8
"""Of includes, and of tables and lists inside a file."""

_FOLDERS = ("", "slots/", "signals/")
_INCLUDABLE = re.compile(r"(?:dials|names|words|document|placeholder|rules)\.toml|(?:slots|signals)/[a-z][a-z_]*\.toml")
_INTEGERS = range(-(1 << 53), 1 << 53)

Data = dict[str, Any]


def locate(name_or_path: str | Path) -> Traversable:
    """The folder of a packaged pack, by name, or of any other, by path. It need not exist."""
    if isinstance(name_or_path, str) and PACK_NAME.fullmatch(name_or_path):
        return packaged(name_or_path)
    return Path(os.path.abspath(name_or_path))


def packaged(name: str) -> Traversable:
    return files("personalities").joinpath("packs", name)


def packaged_names() -> list[str]:
    return sorted(entry.name for entry in files("personalities").joinpath("packs").iterdir() if entry.is_dir())


def contents(folder: Traversable, above: tuple[str, ...] = ()) -> dict[str, Data]:
    """Parsed content of every file of the pack, by name, its own and the included ones. Raises PackError."""
    if folder.name in above:
        raise PackError(f"pack.toml: {' includes '.join((*above, folder.name))}; packs cannot include each other")
    if len(above) == MAX_DEPTH:
        raise PackError(f"pack.toml: {' includes '.join((*above, folder.name))}; that is too deep")
    try:
        found = _own(folder)
    except PackError as problem:
        raise (PackError(f"included pack {folder.name}: {problem}") if above else problem) from None
    for name, wanted in _includes(found.get("pack.toml", {})):
        place = neighbour(folder, name)
        if not place.is_dir():
            near = meant(name, packaged_names())
            raise PackError(
                f"pack.toml: include: there is no pack {name!r}, neither beside {folder.name} nor packaged{near}"
            )
        other = contents(place, (*above, folder.name))
        for file in wanted:
            if file in found:
                raise PackError(f"{file}: the pack has this file and also includes it from {name}")
            if file not in other:
                raise PackError(f"pack.toml: include: the pack {name} has no {file}{meant(file, other)}")
            found[file] = other[file]
    return found


def _includes(head: Data) -> list[tuple[str, list[str]]]:
    include = head.get("include", {})
    if not isinstance(include, dict):
        raise PackError("pack.toml: include must be a table of pack names, each with a list of files")
    for name, wanted in include.items():
        if not PACK_NAME.fullmatch(name):
            raise PackError(f"pack.toml: include: {name!r} is not the name of a pack; it cannot be a path")
        if not isinstance(wanted, list) or not wanted:
            raise PackError(f"pack.toml: include: {name} needs a list of files")
        for file in wanted:
            if not isinstance(file, str) or not _INCLUDABLE.fullmatch(file):
                raise PackError(f"pack.toml: include: {file!r} is not a file that one pack can take from another")
    return list(include.items())


def neighbour(folder: Traversable, name: str) -> Traversable:
    """The pack that another one means by a name."""
    if isinstance(folder, Path) and (beside := folder.parent / name).is_dir():
        return beside
    return packaged(name)


def _own(folder: Traversable) -> dict[str, Data]:
    if not folder.is_dir():
        known = ", ".join(packaged_names())
        raise PackError(f"there is no pack {folder.name!r}; name a packaged pack ({known}) or the path of a folder")
    found: dict[str, Data] = {}
    for prefix in _FOLDERS:
        place = folder.joinpath(prefix.rstrip("/")) if prefix else folder
        if prefix and _is_link(place):
            raise PackError(f"{prefix}: this is a link; a pack holds plain folders and files")
        if not place.is_dir():
            continue  # its slots or signals may all be included; a file that is missing is named later
        try:
            entries = sorted((entry for entry in place.iterdir() if entry.name.endswith(".toml")), key=lambda e: e.name)
        except OSError as problem:
            raise PackError(f"{prefix or folder.name}: cannot be read: {problem.strerror}") from None
        if len(found) + len(entries) > MAX_FILES:
            raise PackError(f"{folder.name}: more than {MAX_FILES} files; a pack has fewer")
        for entry in entries:
            found[prefix + entry.name] = _parse(entry, prefix + entry.name)
    return found


def _is_link(place: Traversable) -> bool:
    return isinstance(place, Path) and place.is_symlink()


def _parse(file: Traversable, name: str) -> Data:
    data = parse(read_bytes(file, name), name)
    _check_values(data, name, 0)
    return data


def read_bytes(file: Traversable, name: str) -> bytes:
    """The bytes of a plain file of at most `MAX_FILE_BYTES`. Raises PackError."""
    if _is_link(file):
        raise PackError(f"{name}: this is a link; a pack holds plain folders and files")
    try:
        if not file.is_file():
            raise PackError(f"{name}: this is not a plain file")
        with file.open("rb") as handle:
            raw = handle.read(MAX_FILE_BYTES + 1)
    except OSError as problem:
        raise PackError(f"{name}: cannot be read: {problem.strerror}") from None
    if len(raw) > MAX_FILE_BYTES:
        raise PackError(f"{name}: more than {MAX_FILE_BYTES // 1024} KiB; a pack's files are smaller")
    return raw


def parse(raw: bytes, name: str) -> Data:
    """TOML, with lines short enough that no key can be absurdly deep. Raises PackError."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise PackError(f"{name}: line {line} is not UTF-8; save the file as UTF-8") from None
    if any(len(line) > MAX_LINE_BYTES for line in raw.split(b"\n")):
        raise PackError(f"{name}: a line has more than {MAX_LINE_BYTES} bytes; break the list into lines")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise PackError(f"{name}: tables or lists are nested too deep") from None
    except ValueError as problem:
        raise PackError(f"{name}: not readable TOML: {problem}") from None


def _called(item: object, number: int) -> str:
    """What people call an entry of a list."""
    named = (item[key] for key in ("label", "id", "heading") if key in item) if isinstance(item, dict) else ()
    return next((repr(name[:40]) for name in named if isinstance(name, str)), str(number))


def _check_values(value: object, where: str, depth: int) -> None:
    """Only tables, lists, NFC strings, integers and booleans: the rest has no single canonical form."""
    if depth > MAX_DEPTH:
        raise PackError(f"{where[:200]}: tables or lists are nested too deep")
    if isinstance(value, Mapping):
        for key, item in value.items():
            _check_values(item, f"{where}: {key}", depth + 1)
    elif isinstance(value, list):
        for number, item in enumerate(value, 1):
            _check_values(item, f"{where} {_called(item, number)}", depth + 1)
    elif isinstance(value, str):
        if not unicodedata.is_normalized("NFC", value):
            raise PackError(f"{where}: not in Unicode normal form NFC: {value!r}")
    elif not isinstance(value, int):
        raise PackError(f"{where}: {value!r} is a {type(value).__name__}; packs hold text, integers and booleans")
    elif value not in _INTEGERS:
        raise PackError(f"{where}: an integer is too large; 53 bits is the most")
