"""Reads slots and birth signals from a pack's files.

A signal is one of
    options                 each with a weight, dealt from an exact deck
    [[number]] or [[date]]  spans with weights: the span is dealt, the place inside drawn from the token's seed
    from = "<signal>"       options read off an earlier signal: by its labels (`of`) or by its number or year
                            (`first`, `last`)
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from personalities import fields
from personalities.errors import PackError
from personalities.fields import Data
from personalities.pack import Option, Signal, SignalKind, Span, Trait
from personalities.templates import parse

SLOT_KEYS = ("title", "paired", "option")
_YEARS = range(-99_999, 10_000)
_NUMBERS = range(-1_000_000_000, 1_000_000_000)
_INNER_UNDERSCORE = re.compile(r"(?<=[a-z0-9])_(?=[a-z0-9])")
_NOT_FACETS = ("label", "weight", "of", "first", "last")


def slot(data: Data, where: str, key: str) -> Trait:
    fields.only(data, SLOT_KEYS, where)
    options = _options(data, where, ("label",))
    return Trait(key, fields.text(data, "title", where), options, _paired(data, options, where))


def signal(data: Data, where: str, key: str, earlier: Mapping[str, Signal]) -> Signal:
    """A signal; `earlier` are those listed before it in pack.toml, which it may be derived from."""
    title = fields.text(data, "title", where)
    parse(title, where)
    for kind in ("number", "date"):
        if kind in data:
            fields.only(data, ("title", kind), where)
            spans = _dealt_spans(data, kind, where)
            return Signal(key, title, (), kind="number" if kind == "number" else "date", spans=spans)
    fields.only(data, (*SLOT_KEYS, "from"), where)
    if "from" not in data:
        options = _options(data, where, ("label", "weight"))
        return Signal(key, title, options, _paired(data, options, where))
    source = fields.text(data, "from", where)
    if source not in earlier:
        raise PackError(f"{where}: from: there is no signal {source!r} before this one in pack.toml")
    by_label = earlier[source].kind == "choice"
    options = _options(data, where, ("label", "of") if by_label else ("label", "first", "last"))
    paired = _paired(data, options, where)
    entries = fields.tables(data, "option", where)
    if by_label:
        table = _table(entries, earlier[source], where)
        return Signal(key, title, options, paired, source=source, table=table)
    spans = tuple(_span(entry, _limits(earlier[source].kind), f"{where}: {entry['label']}") for entry in entries)
    _check_cover(spans, earlier[source], where)
    return Signal(key, title, options, paired, source=source, spans=spans)


def _options(data: Data, where: str, keys: tuple[str, ...]) -> tuple[Option, ...]:
    options = []
    for entry in fields.tables(data, "option", where):
        label = fields.text(entry, "label", where)
        # An id such as chicago_detroit is a label too: inside a word, Markdown reads an underscore as itself.
        parse(_INNER_UNDERSCORE.sub("-", label), where)
        if stray := [key for key in _NOT_FACETS if key in entry and key not in keys]:
            raise PackError(f"{where}: {label!r} cannot have the key {stray[0]!r} here")
        facets = {facet: value for facet, value in entry.items() if facet not in _NOT_FACETS}
        of = repr(label)
        options.append(
            Option(label, fields.weight(entry, of, where), fields.templates_by_key(facets, f"{where}: {label}"))
        )
    for option in options:
        if missing := set(options[0].facets) ^ set(option.facets):
            raise PackError(f"{where}: {option.label!r} and {options[0].label!r} differ in facets: {sorted(missing)}")
    labels = [option.label.casefold() for option in options]
    if len(set(labels)) != len(labels):
        twice = next(option.label for option in options if labels.count(option.label.casefold()) > 1)
        raise PackError(f"{where}: two options have the same label {twice!r}")
    return tuple(options)


def _paired(data: Data, options: Sequence[Option], where: str) -> tuple[str, ...]:
    paired = tuple(fields.texts(data, "paired", where)) if "paired" in data else ()
    for option in options:
        if len({len(option.facets.get(facet, ())) for facet in paired}) > 1 or not set(paired) <= set(option.facets):
            raise PackError(f"{where}: {option.label!r} needs as many lines in each of {', '.join(paired)}")
    return paired


def _dealt_spans(data: Data, kind: str, where: str) -> tuple[Span, ...]:
    entries = fields.tables(data, kind, where)
    for entry in entries:
        fields.only(entry, ("first", "last", "weight"), f"{where}: {kind}")
    spans = tuple(_span(entry, _limits("number" if kind == "number" else "date"), where) for entry in entries)
    for before, after in pairwise(sorted(spans, key=lambda span: span.first)):
        if after.first <= before.last:
            raise PackError(f"{where}: {before.first}..{before.last} and {after.first}..{after.last} overlap")
    if any(span.first <= 0 <= span.last for span in spans):
        raise PackError(f"{where}: 0 cannot be a value: there is no year 0, and marketplaces drop the number 0")
    return spans


def _limits(kind: SignalKind) -> range:
    return _NUMBERS if kind == "number" else _YEARS


def _span(entry: Data, limits: range, where: str) -> Span:
    first, last = fields.number(entry, "first", where), fields.number(entry, "last", where)
    if first > last or first not in limits or last not in limits:
        raise PackError(f"{where}: first and last must rise, from {limits[0]} to {limits[-1]} at most")
    return Span(first, last, fields.weight(entry, f"{first}..{last}", where))


def _table(entries: Sequence[Data], source: Signal, where: str) -> dict[str, int]:
    table: dict[str, int] = {}
    known = {option.label for option in source.options}
    for index, entry in enumerate(entries):
        for label in fields.texts(entry, "of", f"{where}: {entry['label']}"):
            if label not in known:
                raise PackError(f"{where}: {entry['label']}: {label!r} is no option of {source.id}")
            if label in table:
                raise PackError(f"{where}: {label!r} belongs to two options")
            table[label] = index
    if missing := sorted(known - set(table)):
        raise PackError(f"{where}: no option says what {missing[0]!r} of {source.id} becomes")
    return table


def _check_cover(spans: Sequence[Span], source: Signal, where: str) -> None:
    for given in source.spans:
        at = given.first
        for span in sorted(spans, key=lambda span: span.first):
            if span.first <= at <= span.last:
                at = span.last + 1
        if at <= given.last:
            raise PackError(f"{where}: no option says what {at} of {source.id} becomes")
    for before, after in pairwise(sorted(spans, key=lambda span: span.first)):
        if after.first <= before.last:
            raise PackError(f"{where}: two options hold {after.first}")
