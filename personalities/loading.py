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
import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from personalities import schema
from personalities.errors import PackError
from personalities.pack import Pack
from personalities.reading import PACK_NAME, contents, locate, neighbour, packaged, read_bytes

CHECKSUMS = "CHECKSUMS"
_SUM = re.compile(r"[0-9a-f]{64}")
_NAMED = 5
"""Files of a kind that one error names."""

Data = dict[str, Any]


def load_pack(name_or_path: str | Path) -> Pack:
    """A pack that ships with the package, by name, or any other, by the path of its folder. Raises PackError, naming
    what is wrong; that the checksums do not match comes last, when nothing else is."""
    found = meant_pack(name_or_path)
    return _load(found) if isinstance(found, Path) else _packaged(found)


def meant_pack(name_or_path: str | Path) -> str | Path:
    """The name of a packaged pack, or else the path of a folder, which may look like a name."""
    path = Path(name_or_path)
    named = isinstance(name_or_path, str) and PACK_NAME.fullmatch(name_or_path) is not None
    return str(name_or_path) if named and (packaged(path.name).is_dir() or not path.is_dir()) else path


@cache
def _packaged(name: str) -> Pack:
    return _load(name)


def _load(name_or_folder: str | Path) -> Pack:
    pack, listed = draft(name_or_folder)
    check_signature(name_or_folder, listed)
    return pack


def check_signature(name_or_path: str | Path, listed: str) -> None:
    """Raise PackError unless the pack's CHECKSUMS file holds what `draft` says it must."""
    folder = locate(name_or_path)
    file = folder.joinpath(CHECKSUMS)
    if not file.is_file():
        raise PackError(f"{folder.name}: {CHECKSUMS} cannot be read: there is none; write it with `dnft pack sign`")
    stored = read_bytes(file, CHECKSUMS).decode(errors="replace")
    if stored.split() == listed.split():
        return
    there: dict[str, str] = {}
    for number, line in enumerate(stored.splitlines(), 1):
        digest, _, name = line.strip().partition(" ")
        if not _SUM.fullmatch(digest) or not name.strip():
            raise PackError(
                f"{folder.name}: {CHECKSUMS}: line {number} is not a SHA-256 and a file name: {line[:60]!r}; write the "
                "file anew with `dnft pack sign`"
            )
        there[name.strip()] = digest
    wanted = {name: digest for digest, name in (line.split() for line in listed.splitlines())}
    kinds = {
        "changed": [name for name in wanted if name in there and there[name] != wanted[name]],
        "not in it": [name for name in wanted if name not in there],
        "in it, but not in the pack": [name for name in there if name not in wanted],
    }
    named = [f"{', '.join(names[:_NAMED])}{_more(names)} ({kind})" for kind, names in kinds.items() if names]
    raise PackError(
        f"{folder.name}: {CHECKSUMS} does not match {'; '.join(named) or 'the order of its lines'}; nothing else is "
        "wrong: if the change is meant, run `dnft pack sign`"
    )


def _more(names: list[str]) -> str:
    return f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""


def packed(name_or_path: str | Path) -> bytes:
    """A pack as bytes that `unpacked` reads, included files and all: what a collection keeps, so that it is born of the
    same words for ever. Raises PackError as `load_pack` does."""
    load_pack(name_or_path)
    return _canonical(contents(locate(meant_pack(name_or_path))))


def unpacked(data: bytes) -> Pack:
    """The pack that was packed. Its hash is computed anew. Raises PackError when the bytes are not a pack."""
    try:
        found = json.loads(data)
        if not isinstance(found, dict) or not all(isinstance(each, dict) for each in found.values()):
            raise TypeError("a pack is an object of files")
        listed = _listing(found)
    except (ValueError, AttributeError, TypeError) as problem:
        raise PackError(f"these bytes are no packed pack: {problem}") from None
    return schema.build(found, sha256(listed.encode()).hexdigest())


def draft(name_or_path: str | Path) -> tuple[Pack, str]:
    """The pack in a folder, and what its CHECKSUMS file must hold, whatever it holds now. Raises PackError."""
    found = contents(locate(name_or_path))
    listed = _listing(found)
    return schema.build(found, sha256(listed.encode()).hexdigest()), listed


def checksums(folder: Traversable) -> str:
    """What the CHECKSUMS file of a pack's folder must hold: a line `<sha256>  <file>` per file, sorted by name."""
    return _listing(contents(folder))


def sources(folder: Traversable) -> dict[str, Traversable]:
    """Where each file of a pack lies, its own and the included ones. Raises PackError."""
    found = contents(folder)
    places = {name: folder.joinpath(*name.split("/")) for name in found}
    for other, wanted in found.get("pack.toml", {}).get("include", {}).items():
        theirs = sources(neighbour(folder, other))
        places |= {name: theirs[name] for name in wanted}
    return places


def ignored(folder: Traversable) -> list[str]:
    """What lies in a pack's folder and is no part of it, folders with a slash. Raises PackError."""
    own = {"", "slots/", "signals/"}
    found = []
    try:
        for prefix in sorted(own):
            place = folder.joinpath(prefix.rstrip("/")) if prefix else folder
            for entry in place.iterdir() if place.is_dir() else ():
                name = f"{prefix}{entry.name}/" if entry.is_dir() else prefix + entry.name
                if name not in own and not name.endswith(".toml") and name != CHECKSUMS:
                    found.append(name)
    except OSError as problem:
        raise PackError(f"{folder.name}: cannot be read: {problem.strerror}") from None
    return sorted(found)


def _listing(found: Mapping[str, Data]) -> str:
    return "".join(f"{sha256(_canonical(found[name])).hexdigest()}  {name}\n" for name in sorted(found))


def _canonical(data: Data) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
