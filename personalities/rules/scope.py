"""Reads a pack's rules.toml: which of its signals the writing rules look at, and what they forbid to whom."""

from collections.abc import Iterable, Mapping, Sequence

from personalities import fields
from personalities.errors import PackError
from personalities.fields import Data
from personalities.pack import RuleScope, Signal
from personalities.rules.catalog import traditions, word_fields


def read_scope(data: Data, signals: Sequence[Signal], where: str) -> RuleScope:
    """The scope a pack asks for; without the file, its first signal holds the labels. Raises PackError."""
    if not data:
        return RuleScope(labels=tuple(signal.id for signal in signals[:1] if signal.options))
    fields.only(data, ("labels", "unspoken", "era", "tradition"), where)
    known = {signal.id: signal for signal in signals if signal.options}
    labels, unspoken = (tuple(fields.texts(data, key, where)) if key in data else () for key in ("labels", "unspoken"))
    for key in (*labels, *unspoken):
        if key not in known:
            raise PackError(f"{where}: there is no signal {key!r} with options")
    era, banned = _by_value(data, "era", "lacks", known, word_fields(), where)
    tradition, members = _by_value(data, "tradition", "of", known, traditions(), where)
    return RuleScope(labels, unspoken, era, banned, tradition, members)


def _by_value(
    data: Data, key: str, member: str, known: Mapping[str, Signal], allowed: Iterable[str], where: str
) -> tuple[str, dict[str, tuple[str, ...]]]:
    """A table that names a signal and gives, for values of it, ids out of `allowed`."""
    if key not in data:
        return "", {}
    table = fields.table(data, key, where)
    where = f"{where}: {key}"
    fields.only(table, ("signal", member), where)
    signal = fields.text(table, "signal", where)
    if signal not in known:
        raise PackError(f"{where}: there is no signal {signal!r} with options")
    given = fields.table(table, member, where)
    values = {option.label for option in known[signal].options}
    found = {}
    for value in given:
        if value not in values:
            raise PackError(f"{where}: {value!r} is no option of {signal}")
        found[value] = tuple(fields.texts(given, value, f"{where}: {member}"))
        if unknown := sorted(set(found[value]) - set(allowed)):
            raise PackError(f"{where}: there is no {unknown[0]!r}; there are {', '.join(allowed)}")
    return signal, found
