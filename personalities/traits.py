"""Reads slots and birth signals from a pack's files.

A signal is one of
    options                 each with a weight, dealt from an exact deck
    [[number]] or [[date]]  spans with weights: the span is dealt, the place inside drawn from the token's seed
                            (`total`, in either, says what the weights must add up to)
    from = "<signal>"       options read off an earlier signal: by its labels (`of`), by its number or year
                            (`first`, `last`) or by the day of the year (`starts`)
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
_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
NOT_FACETS = ("label", "weight", "of", "first", "last", "starts")


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
            fields.only(data, ("title", "total", kind), where)
            spans = _dealt_spans(data, kind, where)
            fields.check_total(data, [span.weight for span in spans], kind, where)
            return Signal(key, title, (), kind="number" if kind == "number" else "date", spans=spans)
    fields.only(data, (*SLOT_KEYS, "total", "from"), where)
    if "from" not in data:
        options = _options(data, where, ("label", "weight"))
        fields.check_total(data, [option.weight for option in options], "option", where)
        return Signal(key, title, options, _paired(data, options, where))
    source = fields.text(data, "from", where)
    if source not in earlier:
        near = fields.meant(source, earlier)
        raise PackError(f"{where}: from: there is no signal {source!r} before this one in pack.toml{near}")
    if "total" in data:
        raise PackError(f"{where}: total is for weights, and a signal that is read off {source} has none")
    by_label = earlier[source].kind == "choice"
    entries = fields.tables(data, "option", where)
    by_day = earlier[source].kind == "date" and any("starts" in entry for entry in entries)
    keys = ("of",) if by_label else ("starts",) if by_day else ("first", "last")
    options = _options(data, where, ("label", *keys))
    paired = _paired(data, options, where)
    if by_day:
        return Signal(key, title, options, paired, source=source, starts=_starts(entries, where))
    if by_label:
        table = _table(entries, earlier[source], where)
        return Signal(key, title, options, paired, source=source, table=table)
    spans = tuple(_span(entry, _limits(earlier[source].kind), f"{where}: {entry['label']}") for entry in entries)
    _check_cover(spans, earlier[source], where)
    return Signal(key, title, options, paired, source=source, spans=spans)


def _options(data: Data, where: str, keys: tuple[str, ...]) -> tuple[Option, ...]:
    options = []
    for number, entry in enumerate(fields.tables(data, "option", where), 1):
        label = fields.text(entry, "label", f"{where}: option {number}")
        # An id such as chicago_detroit is a label too: inside a word, Markdown reads an underscore as itself.
        parse(_INNER_UNDERSCORE.sub("-", label), where)
        if stray := [key for key in NOT_FACETS if key in entry and key not in keys]:
            raise PackError(f"{where}: {label!r} cannot have the key {stray[0]!r} here")
        facets = fields.facets(entry, NOT_FACETS, f"{where}: {label}")
        options.append(Option(label, fields.weight(entry, repr(label), where), facets))
    first = options[0]
    for option in options:
        if set(first.facets) != set(option.facets):
            lacks = [
                f"{one.label!r} lacks {', '.join(missing)}, which {other.label!r} has"
                for one, other in ((option, first), (first, option))
                if (missing := sorted(set(other.facets) - set(one.facets)))
            ]
            raise PackError(f"{where}: options differ in facets: {'; '.join(lacks)}")
    labels = [option.label.casefold() for option in options]
    if len(set(labels)) != len(labels):
        twice = next(option.label for option in options if labels.count(option.label.casefold()) > 1)
        raise PackError(f"{where}: two options have the same label {twice!r}")
    return tuple(options)


def _paired(data: Data, options: Sequence[Option], where: str) -> tuple[str, ...]:
    paired = tuple(fields.texts(data, "paired", where)) if "paired" in data else ()
    for option in options:
        if len({len(option.facets.get(facet, ())) for facet in paired}) > 1 or not set(paired) <= set(option.facets):
            found = ", ".join(f"{len(option.facets.get(facet, ()))} in {facet}" for facet in paired)
            raise PackError(
                f"{where}: {option.label!r} needs as many lines in each of {', '.join(paired)}; it has {found}"
            )
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


def _starts(entries: Sequence[Data], where: str) -> tuple[int, ...]:
    """Per option its first day, as month * 100 + day."""
    starts = []
    for entry in entries:
        day = fields.text(entry, "starts", f"{where}: {entry['label']}")
        if not _DAY.fullmatch(day):
            raise PackError(f"{where}: {entry['label']}: {day!r} is not a day of the year such as 03-21")
        starts.append(int(day.replace("-", "")))
    if len(set(starts)) != len(starts):
        raise PackError(f"{where}: two options start on the same day")
    return tuple(starts)


def _table(entries: Sequence[Data], source: Signal, where: str) -> dict[str, int]:
    table: dict[str, int] = {}
    known = {option.label for option in source.options}
    for index, entry in enumerate(entries):
        for label in fields.texts(entry, "of", f"{where}: {entry['label']}"):
            if label not in known:
                near = fields.meant(label, known)
                raise PackError(f"{where}: {entry['label']}: {label!r} is no option of {source.id}{near}")
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
