"""Loads a pack: reads its folder, checks everything a birth or document will rely on, and hashes it.

    pack.toml               name, version, slots and signals in order, includes
    slots/<id>.toml         title, 16 options with label and facets
    signals/<id>.toml       title (the trait_type); options, a number, a date, or options read from another signal
    dials.toml              per dial: edges (17 integers) and lines (7 lists)
    names.toml              forms and banks
    words.toml              word banks
    document.toml           sections, exchanges, description, introduction
    placeholder.toml        what a blind collection shows before its reveal
    rules.toml              which signals the writing rules look at (optional)
    CHECKSUMS               sha256 of each file's canonical content, as `checksums()` gives it

The canonical content of a file is its parsed data as sorted, compact JSON: comments, order and line ends do not count.
Included files are listed like the pack's own, so a pack's hash covers every word it uses.
"""

import json
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from personalities import schema
from personalities.errors import PackError
from personalities.pack import Pack
from personalities.reading import PACK_NAME, contents, locate, packaged, read_bytes

CHECKSUMS = "CHECKSUMS"

Data = dict[str, Any]


def load_pack(name_or_path: str | Path) -> Pack:
    """A pack that ships with the package, by name, or any other, by the path of its folder. Raises PackError, naming
    the first thing that is wrong."""
    if isinstance(name_or_path, str) and PACK_NAME.fullmatch(name_or_path):
        return _packaged(name_or_path)
    return _load(locate(name_or_path))


@cache
def _packaged(name: str) -> Pack:
    return _load(packaged(name))


def _load(folder: Traversable) -> Pack:
    found = contents(folder)
    listed = _listing(found)
    file = folder.joinpath(CHECKSUMS)
    if not file.is_file():
        raise PackError(f"{folder.name}: {CHECKSUMS} cannot be read; write it with `dnft pack sign`")
    stored = read_bytes(file, CHECKSUMS).decode(errors="replace")
    if stored.split() != listed.split():
        changed = {line.split()[-1] for line in set(stored.splitlines()) ^ set(listed.splitlines()) if line.split()}
        named = ", ".join(sorted(changed)[:5]) or "the order of its lines"
        raise PackError(
            f"{folder.name}: {CHECKSUMS} does not match {named}; if the change is meant, run `dnft pack sign`"
        )
    return schema.build(found, sha256(listed.encode()).hexdigest())


def draft(folder: Path) -> tuple[Pack, str]:
    """The pack in a folder, and what its CHECKSUMS file must hold, whatever it holds now. Raises PackError."""
    found = contents(locate(folder))
    listed = _listing(found)
    return schema.build(found, sha256(listed.encode()).hexdigest()), listed


def checksums(folder: Traversable) -> str:
    """What the CHECKSUMS file of a pack's folder must hold: a line `<sha256>  <file>` per file, sorted by name."""
    return _listing(contents(folder))


def _listing(found: Mapping[str, Data]) -> str:
    return "".join(f"{sha256(_canonical(found[name])).hexdigest()}  {name}\n" for name in sorted(found))


def _canonical(data: Data) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
