"""Reads a pack's folder, checks everything a birth or document will rely on, and hashes it.

    pack.toml               name, version, slots and signals in order
    slots/<id>.toml         title, 16 options with label and facets
    signals/<id>.toml       title (the trait_type), options with label, weight and facets
    dials.toml              per dial: edges (17 integers) and lines (7 lists)
    names.toml              forms and banks
    words.toml              word banks
    document.toml           sections, exchanges, description, introduction
    CHECKSUMS               sha256 of each file's canonical content, as `checksums()` gives it

The canonical content of a file is its parsed data as sorted, compact JSON: comments, order and line ends do not count.
"""

import json
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from personalities import schema
from personalities.errors import PackError
from personalities.pack import Pack

CHECKSUMS = "CHECKSUMS"
_PACKAGED = re.compile(r"[a-z][a-z0-9-]*")

Data = dict[str, Any]


def load_pack(name_or_path: str | Path) -> Pack:
    """A pack that ships with the package, by name, or any other, by the path of its folder. Raises PackError, naming
    the first thing that is wrong."""
    if isinstance(name_or_path, str) and _PACKAGED.fullmatch(name_or_path):
        return _packaged(name_or_path)
    return _load(Path(name_or_path))


@cache
def _packaged(name: str) -> Pack:
    return _load(files("personalities").joinpath("packs", name))


def _load(folder: Traversable) -> Pack:
    contents = _read(folder)
    listed = _listing(contents)
    try:
        stored = folder.joinpath(CHECKSUMS).read_text(encoding="utf-8")
    except OSError:
        raise PackError(f"{folder.name}: {CHECKSUMS} cannot be read; write it with the pack command") from None
    if stored.split() != listed.split():
        changed = sorted({line.split()[-1] for line in set(stored.splitlines()) ^ set(listed.splitlines()) if line})
        raise PackError(f"{folder.name}: {CHECKSUMS} does not match {', '.join(changed)}; was the pack edited?")
    return schema.build(contents, sha256(listed.encode()).hexdigest())


def checksums(folder: Traversable) -> str:
    """What the CHECKSUMS file of a pack's folder must hold: a line `<sha256>  <file>` per file, sorted by name."""
    return _listing(_read(folder))


def _listing(contents: Mapping[str, Data]) -> str:
    return "".join(f"{sha256(_canonical(contents[name])).hexdigest()}  {name}\n" for name in sorted(contents))


def _canonical(data: Data) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _read(folder: Traversable) -> dict[str, Data]:
    """Parsed content of every TOML file, by its name below the folder."""
    if not folder.is_dir():
        raise PackError(f"there is no pack {folder.name!r}; name a packaged pack or the path of a folder")
    contents = {}
    for place, prefix in ((folder, ""), (folder.joinpath("slots"), "slots/"), (folder.joinpath("signals"), "signals/")):
        if not place.is_dir():
            raise PackError(f"{folder.name}: the folder {prefix} is missing")
        for file in place.iterdir():
            if file.name.endswith(".toml"):
                contents[prefix + file.name] = _parse(file, prefix + file.name)
    return contents


def _parse(file: Traversable, name: str) -> Data:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise PackError(f"{name}: not readable TOML: {problem}") from None
    _check_values(data, name)
    return data


def _check_values(value: object, where: str) -> None:
    """Only tables, lists, NFC strings, integers and booleans: the rest has no single canonical form."""
    if isinstance(value, dict):
        for key, item in value.items():
            _check_values(item, f"{where}: {key}")
    elif isinstance(value, list):
        for item in value:
            _check_values(item, where)
    elif isinstance(value, str):
        if not unicodedata.is_normalized("NFC", value):
            raise PackError(f"{where}: not in Unicode normal form NFC: {value!r}")
    elif not isinstance(value, int):
        raise PackError(f"{where}: {value!r} is a {type(value).__name__}; packs hold text, integers and booleans")
