"""Builds a Pack from a folder's parsed files, refusing whatever would fail later."""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, get_args

from personalities.bounds import longest_document
from personalities.codewords import LENGTH
from personalities.dials import BANDS, DIAL_RANGE, DIALS
from personalities.errors import PackError
from personalities.names import name_space
from personalities.pack import MAX_DOCUMENT_BYTES, SECTIONS, Block, BlockKind, Exchange, Option, Pack, Trait
from personalities.references import check_references
from personalities.templates import Template, parse

Data = Mapping[str, Any]

_ID = re.compile(r"[a-z][a-z_]*")
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
REGIONS = 16
MAX_SIGNALS = 12
"""A token's JSON has at most 30 attributes: these, the 16 dials, stage and level."""


def build(contents: Mapping[str, Data], pack_hash: str) -> Pack:
    """A checked Pack. Raises PackError with the file and the first problem found."""
    head = _file(contents, "pack.toml")
    name, version = _text(head, "name", "pack.toml"), _text(head, "version", "pack.toml")
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name) or not _VERSION.fullmatch(version):
        raise PackError(f"pack.toml: {name}@{version} is not a lower-case name with a version of three numbers")
    slots = tuple(_trait(contents, f"slots/{key}.toml", key) for key in _ids(head, "slots"))
    signals = tuple(_trait(contents, f"signals/{key}.toml", key) for key in _ids(head, "signals"))
    if len(slots) != LENGTH:
        raise PackError(f"pack.toml: {len(slots)} slots; there are {LENGTH}")
    for slot in slots:
        if len(slot.options) != REGIONS:
            raise PackError(f"slots/{slot.id}.toml: {len(slot.options)} options; there are {REGIONS}")
    if len(signals) > MAX_SIGNALS:
        raise PackError(f"pack.toml: {len(signals)} signals; {MAX_SIGNALS} is the most")
    titles = [signal.title for signal in signals]
    if taken := [title for title in titles if titles.count(title) > 1 or title in (*DIALS, "Stage", "Level")]:
        raise PackError(f"signals: the title {taken[0]!r} is already that of another attribute")
    expected = {"pack.toml", "dials.toml", "names.toml", "words.toml", "document.toml"}
    expected |= {f"slots/{slot.id}.toml" for slot in slots} | {f"signals/{signal.id}.toml" for signal in signals}
    if unknown := sorted(set(contents) - expected):
        raise PackError(f"{unknown[0]}: this file is not part of the pack; list it in pack.toml or remove it")
    names = _file(contents, "names.toml")
    document = _file(contents, "document.toml")
    pack = Pack(
        name=name,
        version=version,
        hash=pack_hash,
        slots=slots,
        signals=signals,
        dial_edges=tuple(_edges(_file(contents, "dials.toml"), dial) for dial in DIALS),
        dial_lines={dial: _dial_lines(_file(contents, "dials.toml"), dial) for dial in DIALS},
        names=name_space(_texts(names, "forms", "names.toml"), _banks(names, "names.toml"), "names.toml"),
        banks=_templates_by_key(_file(contents, "words.toml"), "words.toml"),
        exchanges={
            _text(e, "id", "document.toml: exchange"): _exchange(e)
            for e in _tables(document, "exchange", "document.toml")
        },
        sections=_sections(document),
        description=_templates(document, "description", "document.toml"),
        introduction=_templates(document, "introduction", "document.toml"),
    )
    check_references(pack)
    if (longest := longest_document(pack)) > MAX_DOCUMENT_BYTES:
        raise PackError(f"document.toml: a document could have {longest} bytes; {MAX_DOCUMENT_BYTES} is the most")
    return pack


def _file(contents: Mapping[str, Data], name: str) -> Data:
    if name not in contents:
        raise PackError(f"{name}: the file is missing")
    return contents[name]


def _text(data: Data, key: str, where: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise PackError(f"{where}: {key} must be a text")
    return value


def _texts(data: Data, key: str, where: str) -> list[str]:
    value = data.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise PackError(f"{where}: {key} must be a list of texts, at least one")
    if len(set(value)) != len(value):
        twice = next(item for item in value if value.count(item) > 1)
        raise PackError(f"{where}: {key} holds {twice!r} twice")
    return value


def _tables(data: Data, key: str, where: str) -> list[Data]:
    value = data.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        raise PackError(f"{where}: there must be at least one [[{key}]]")
    return value


def _ids(head: Data, key: str) -> list[str]:
    ids = _texts(head, key, "pack.toml")
    for item in ids:
        if not _ID.fullmatch(item):
            raise PackError(f"pack.toml: {item!r} in {key} is not a lower-case word")
    return ids


def _templates(data: Data, key: str, where: str) -> tuple[Template, ...]:
    return tuple(parse(text, f"{where}: {key}") for text in _texts(data, key, where))


def _templates_by_key(data: Data, where: str) -> dict[str, tuple[Template, ...]]:
    return {key: _templates(data, key, where) for key in data}


def _trait(contents: Mapping[str, Data], where: str, key: str) -> Trait:
    data = _file(contents, where)
    options = []
    for entry in _tables(data, "option", where):
        label = _text(entry, "label", where)
        parse(label, where)
        weight = entry.get("weight", 1)
        if not isinstance(weight, int) or isinstance(weight, bool) or weight < 1:
            raise PackError(f"{where}: the weight of {label!r} must be an integer above zero")
        facets = {facet: value for facet, value in entry.items() if facet not in ("label", "weight")}
        options.append(Option(label, weight, _templates_by_key(facets, f"{where}: {label}")))
    for option in options:
        if missing := set(options[0].facets) ^ set(option.facets):
            raise PackError(f"{where}: {option.label!r} and {options[0].label!r} differ in facets: {sorted(missing)}")
    if len({option.label for option in options}) != len(options):
        raise PackError(f"{where}: two options have the same label")
    paired = tuple(_texts(data, "paired", where)) if "paired" in data else ()
    for option in options:
        if len({len(option.facets.get(facet, ())) for facet in paired}) > 1 or not set(paired) <= set(option.facets):
            raise PackError(f"{where}: {option.label!r} needs as many lines in each of {', '.join(paired)}")
    return Trait(key, _text(data, "title", where), tuple(options), paired)


def _edges(data: Data, dial: str) -> tuple[int, ...]:
    table = data.get(dial)
    if not isinstance(table, dict):
        raise PackError(f"dials.toml: [{dial}] is missing")
    edges = table.get("edges")
    if not isinstance(edges, list) or len(edges) != REGIONS + 1 or not all(type(edge) is int for edge in edges):
        raise PackError(f"dials.toml: {dial}: edges must be {REGIONS + 1} integers")
    if edges[0] < 0 or edges[-1] > DIAL_RANGE or any(b - a < 4 for a, b in pairwise(edges)):
        raise PackError(f"dials.toml: {dial}: edges must rise by 4 or more, from 0 to {DIAL_RANGE} at most")
    return tuple(edges)


def _dial_lines(data: Data, dial: str) -> tuple[tuple[Template, ...], ...]:
    lines = data[dial].get("lines")
    if not isinstance(lines, list) or len(lines) != BANDS:
        raise PackError(f"dials.toml: {dial}: lines must be {BANDS} lists, from the lowest band to the highest")
    return tuple(_templates({"lines": band}, "lines", f"dials.toml: {dial}") for band in lines)


def _banks(data: Data, where: str) -> dict[str, list[str]]:
    banks = data.get("banks")
    if not isinstance(banks, dict) or not banks:
        raise PackError(f"{where}: [banks] is missing")
    return {key: _texts(banks, key, f"{where}: banks") for key in banks}


def _exchange(entry: Data) -> Exchange:
    where = "document.toml: exchange"
    return Exchange(parse(_text(entry, "ask", where), where), _templates(entry, "reply", where))


def _sections(document: Data) -> dict[str, tuple[Block, ...]]:
    sections = {}
    for entry in _tables(document, "section", "document.toml"):
        heading = _text(entry, "heading", "document.toml")
        where = f"document.toml: {heading}"
        sections[heading] = tuple(_block(block, where) for block in _tables(entry, "block", where))
    if tuple(sections) != SECTIONS:
        raise PackError(f"document.toml: the sections must be {', '.join(SECTIONS)}, in this order")
    return sections


def _block(data: Data, where: str) -> Block:
    kinds: tuple[BlockKind, ...] = get_args(BlockKind)
    kind = next((known for known in kinds if known == data.get("kind")), None)
    if kind is None:
        raise PackError(f"{where}: kind must be one of {', '.join(kinds)}, not {data.get('kind')!r}")
    take, shuffle = data.get("take", 0), data.get("shuffle", False)
    if type(take) is not int or take < 0 or not isinstance(shuffle, bool):
        raise PackError(f"{where}: take must be an integer, shuffle true or false")
    return Block(
        kind=kind,
        parts=_templates(data, "parts", where) if kind in ("paragraph", "list") else (),
        shuffle=shuffle,
        take=take,
        exchanges=tuple(_texts(data, "from", where)) if kind == "exchanges" else (),
        lead=parse(_text(data, "lead", where), where) if "lead" in data else (),
    )
