"""Builds a Pack from a folder's parsed files, refusing whatever would fail later."""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import get_args

from personalities import fields, traits
from personalities.bounds import longest_document
from personalities.codewords import LENGTH
from personalities.dials import BANDS, DIAL_RANGE, DIALS
from personalities.errors import PackError
from personalities.fields import Data
from personalities.names import name_space
from personalities.pack import MAX_DOCUMENT_BYTES, SECTIONS, Block, BlockKind, Exchange, Pack, Signal
from personalities.placeholder import read_placeholder
from personalities.references import check_references
from personalities.rules.scope import read_scope
from personalities.templates import Template, parse

_ID = re.compile(r"[a-z][a-z_]{0,39}")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_VERSION = re.compile(r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})")
REGIONS = 16
MAX_SIGNALS = 12
"""A token's JSON has at most 30 attributes: these, the 16 dials, stage and level."""


def build(contents: Mapping[str, Data], pack_hash: str) -> Pack:
    """A checked Pack. Raises PackError with the file and the first problem found."""
    head = _file(contents, "pack.toml")
    fields.only(head, ("name", "version", "slots", "signals", "include"), "pack.toml")
    name, version = fields.text(head, "name", "pack.toml"), fields.text(head, "version", "pack.toml")
    if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version):
        raise PackError(f"pack.toml: {name}@{version} is not a lower-case name with a version of three numbers")
    slots = _ids(head, "slots")
    signals = _ids(head, "signals")
    if len(slots) != LENGTH:
        raise PackError(f"pack.toml: {len(slots)} slots; there are {LENGTH}")
    if len(signals) > MAX_SIGNALS:
        raise PackError(f"pack.toml: {len(signals)} signals; {MAX_SIGNALS} is the most")
    _check_files(contents, slots, signals)
    names = _file(contents, "names.toml")
    fields.only(names, ("forms", "banks"), "names.toml")
    document = _file(contents, "document.toml")
    if "block" in document:
        raise PackError("document.toml: [[block]] belongs to no section; did you mean [[section.block]]?")
    fields.only(document, ("description", "introduction", "section", "exchange"), "document.toml")
    dials = _file(contents, "dials.toml")
    fields.only(dials, DIALS, "dials.toml")
    built = _signals(contents, signals)
    pack = Pack(
        name=name,
        version=version,
        hash=pack_hash,
        slots=tuple(traits.slot(_file(contents, f"slots/{key}.toml"), f"slots/{key}.toml", key) for key in slots),
        signals=built,
        dial_edges=tuple(_edges(dials, dial) for dial in DIALS),
        dial_lines={dial: _dial_lines(dials, dial) for dial in DIALS},
        names=name_space(fields.texts(names, "forms", "names.toml"), _banks(names), "names.toml"),
        banks=fields.templates_by_key(_file(contents, "words.toml"), "words.toml"),
        exchanges=_exchanges(document),
        sections=_sections(document),
        description=fields.templates(document, "description", "document.toml"),
        introduction=fields.templates(document, "introduction", "document.toml"),
        placeholder=read_placeholder(_file(contents, "placeholder.toml"), "placeholder.toml"),
        scope=read_scope(contents.get("rules.toml", {}), built, "rules.toml"),
    )
    for slot in pack.slots:
        if len(slot.options) != REGIONS:
            raise PackError(f"slots/{slot.id}.toml: {len(slot.options)} options; there are {REGIONS}")
    check_references(pack)
    if (longest := longest_document(pack)) > MAX_DOCUMENT_BYTES:
        raise PackError(f"document.toml: a document could have {longest} bytes; {MAX_DOCUMENT_BYTES} is the most")
    return pack


def _file(contents: Mapping[str, Data], name: str) -> Data:
    if name not in contents:
        raise PackError(f"{name}: the file is missing")
    return contents[name]


def _ids(head: Data, key: str) -> list[str]:
    ids = fields.texts(head, key, "pack.toml")
    for item in ids:
        if not _ID.fullmatch(item):
            raise PackError(f"pack.toml: {item!r} in {key} is not a lower-case word")
    return ids


def _check_files(contents: Mapping[str, Data], slots: list[str], signals: list[str]) -> None:
    expected = {"pack.toml", "dials.toml", "names.toml", "words.toml", "document.toml", "placeholder.toml"}
    expected |= {"rules.toml"} | {f"slots/{key}.toml" for key in slots} | {f"signals/{key}.toml" for key in signals}
    unknown, missing = sorted(set(contents) - expected), sorted(expected - set(contents) - {"rules.toml"})
    problems = [
        f"{name}: this file is not part of the pack; list it in pack.toml or remove it{fields.meant(name, missing)}"
        for name in unknown
    ]
    problems += [f"{name}: the file is missing; write it, or include it in pack.toml" for name in missing]
    if problems:
        raise PackError(*problems)


def _signals(contents: Mapping[str, Data], ids: list[str]) -> tuple[Signal, ...]:
    signals: dict[str, Signal] = {}
    for key in ids:
        signals[key] = traits.signal(_file(contents, f"signals/{key}.toml"), f"signals/{key}.toml", key, signals)
    taken = dict.fromkeys((dial.casefold() for dial in DIALS), "a dial")
    taken |= {"stage": "the life stage", "level": "the level"}
    for signal in signals.values():
        file, title = f"signals/{signal.id}.toml", signal.title.casefold()
        if title in taken:
            raise PackError(
                f"{file}: the title {signal.title!r} is already that of another attribute: of {taken[title]}"
            )
        taken[title] = file
    return tuple(signals.values())


def _edges(data: Data, dial: str) -> tuple[int, ...]:
    table = fields.table(data, dial, "dials.toml")
    fields.only(table, ("edges", "lines"), f"dials.toml: {dial}")
    edges = table.get("edges")
    where = f"dials.toml: {dial}: edges must"
    if not isinstance(edges, list) or len(edges) != REGIONS + 1:
        found = f"there are {len(edges)}" if isinstance(edges, list) else "the list is missing"
        raise PackError(f"{where} be {REGIONS + 1} integers; {found}")
    for number, edge in enumerate(edges, 1):
        if type(edge) is not int or not 0 <= edge <= DIAL_RANGE:
            raise PackError(f"{where} be {REGIONS + 1} integers from 0 to {DIAL_RANGE}; number {number} is {edge!r}")
    for number, (before, edge) in enumerate(pairwise(edges), 2):
        if edge - before < 4:
            raise PackError(f"{where} rise by 4 or more; number {number} is {edge}, after {before}")
    return tuple(edges)


def _dial_lines(data: Data, dial: str) -> tuple[tuple[Template, ...], ...]:
    lines = data[dial].get("lines")
    if not isinstance(lines, list) or len(lines) != BANDS:
        found = f"; there are {len(lines)}" if isinstance(lines, list) else ""
        raise PackError(f"dials.toml: {dial}: lines must be {BANDS} lists, from the lowest band to the highest{found}")
    return tuple(
        fields.templates({"lines": band}, "lines", f"dials.toml: {dial}: band {number}")
        for number, band in enumerate(lines, 1)
    )


def _banks(data: Data) -> dict[str, list[str]]:
    banks = fields.table(data, "banks", "names.toml")
    return {key: fields.texts(banks, key, "names.toml: banks") for key in banks}


def _exchanges(document: Data) -> dict[str, Exchange]:
    exchanges: dict[str, Exchange] = {}
    for number, entry in enumerate(fields.tables(document, "exchange", "document.toml"), 1):
        key = fields.text(entry, "id", f"document.toml: exchange {number}")
        where = f"document.toml: exchange {key}"
        fields.only(entry, ("id", "ask", "reply"), where)
        if key in exchanges:
            raise PackError(f"document.toml: two exchanges have the id {key!r}")
        ask = parse(fields.text(entry, "ask", where), where)
        exchanges[key] = Exchange(ask, fields.templates(entry, "reply", where))
    return exchanges


def _sections(document: Data) -> dict[str, tuple[Block, ...]]:
    headings = []
    sections = {}
    for number, entry in enumerate(fields.tables(document, "section", "document.toml"), 1):
        heading = fields.text(entry, "heading", f"document.toml: section {number}")
        where = f"document.toml: {heading}"
        fields.only(entry, ("heading", "block"), where)
        headings.append(heading)
        blocks = enumerate(fields.tables(entry, "block", where), 1)
        sections[heading] = tuple(_block(block, f"{where}: block {place}") for place, block in blocks)
    if tuple(headings) != SECTIONS:
        raise PackError(
            f"document.toml: the sections must be {', '.join(SECTIONS)}, in this order; they are {', '.join(headings)}"
        )
    return sections


def _block(data: Data, where: str) -> Block:
    fields.only(data, ("kind", "parts", "from", "take", "shuffle", "lead"), where)
    kinds: tuple[BlockKind, ...] = get_args(BlockKind)
    kind = next((known for known in kinds if known == data.get("kind")), None)
    if kind is None:
        near = fields.meant(str(data.get("kind", "")), kinds)
        raise PackError(f"{where}: kind must be one of {', '.join(kinds)}, not {data.get('kind')!r}{near}")
    take, shuffle = data.get("take", 0), data.get("shuffle", False)
    if type(take) is not int or take < 0 or not isinstance(shuffle, bool):
        raise PackError(f"{where}: take must be an integer, shuffle true or false")
    return Block(
        kind=kind,
        parts=fields.templates(data, "parts", where) if kind in ("paragraph", "list") else (),
        shuffle=shuffle,
        take=take,
        exchanges=tuple(fields.texts(data, "from", where)) if kind == "exchanges" else (),
        lead=parse(fields.text(data, "lead", where), where) if "lead" in data else (),
    )
