"""Checks of `attributes`: the traits marketplaces filter and rank by."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.consumers.checks.document import unread
from app.consumers.observation import Observation
from app.consumers.registry import Finding, check, failed, judged, listed, passed, shown, skipped

MILLISECONDS_FROM = 100_000_000_000
"""As seconds this is the year 5138, as milliseconds March 1973: any real date is told apart."""


def traits(observation: Observation) -> Iterator[Mapping[str, Any]]:
    """The traits that are objects; none when `attributes` is no list."""
    value = (observation.document or {}).get("attributes")
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield item


def named(observation: Observation) -> dict[str, Mapping[str, Any]]:
    """Traits by name in lower case; the last of equal names wins, as in the readers this serves."""
    return {name.lower(): item for item in traits(observation) if isinstance(name := item.get("trait_type"), str)}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _label(item: Mapping[str, Any]) -> str:
    return f"{shown(item.get('trait_type'), 40)} = {shown(item.get('value'), 40)}"


def _verdict(observation: Observation, wrong: list[Mapping[str, Any]]) -> Finding:
    if observation.document is None:
        return unread(observation)
    count = sum(1 for _ in traits(observation))
    return judged(not wrong, listed([_label(item) for item in wrong]) or f"{count} traits")


@check("traits-list")
def traits_list(observation: Observation) -> Finding:
    """`attributes` is a flat list of objects with a string trait_type and a value."""
    if observation.document is None:
        return unread(observation)
    value = observation.document.get("attributes")
    if not isinstance(value, list):
        return failed(f"attributes: {shown(value, 40) if 'attributes' in observation.document else 'absent'}")
    for item in value:
        if not isinstance(item, dict) or not isinstance(item.get("trait_type"), str) or "value" not in item:
            return failed(f"not a trait: {shown(item)}")
    return passed(f"{len(value)} traits")


@check("traits-at-most")
def traits_at_most(observation: Observation, *, most: int) -> Finding:
    """There are at most so many traits."""
    if observation.document is None:
        return unread(observation)
    value = observation.document.get("attributes")
    count = len(value) if isinstance(value, list) else 0
    return judged(count <= most, f"{count} traits")


@check("trait-scalars")
def trait_scalars(observation: Observation) -> Finding:
    """Every value is a string or a number."""
    return _verdict(
        observation,
        [
            item
            for item in traits(observation)
            if not isinstance(item.get("value"), str) and not _is_number(item.get("value"))
        ],
    )


@check("trait-not-falsy")
def trait_not_falsy(observation: Observation) -> Finding:
    """No value is 0 or an empty string."""
    return _verdict(observation, [item for item in traits(observation) if not item.get("value")])


@check("trait-unique")
def trait_unique(observation: Observation) -> Finding:
    """No two traits have the same name, whatever the case of their letters."""
    seen: set[str] = set()
    twice: list[Mapping[str, Any]] = []
    for item in traits(observation):
        name = str(item.get("trait_type")).lower()
        if name in seen:
            twice.append(item)
        seen.add(name)
    return _verdict(observation, twice)


@check("display-types")
def display_types(observation: Observation, *, types: tuple[str, ...]) -> Finding:
    """display_type, where it is given, is one of these, and the value a number."""
    wrong = [
        item
        for item in traits(observation)
        if item.get("display_type") is not None
        and (item["display_type"] not in types or not _is_number(item.get("value")))
    ]
    return _verdict(observation, wrong)


@check("trait-dates")
def trait_dates(observation: Observation) -> Finding:
    """Dates are whole unix seconds, not milliseconds and not text."""
    dates = [item for item in traits(observation) if item.get("display_type") == "date"]
    if not dates:
        return passed("no dates") if observation.document is not None else unread(observation)
    wrong = [item for item in dates if not _is_seconds(item.get("value"))]
    return judged(not wrong, listed([_label(item) for item in wrong or dates]))


def _is_seconds(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < MILLISECONDS_FROM


@check("max-value")
def max_value(observation: Observation) -> Finding:
    """A value with a max_value is a number no larger."""
    capped = [item for item in traits(observation) if "max_value" in item]
    wrong = [
        item
        for item in capped
        if not _is_number(item["max_value"]) or not _is_number(item.get("value")) or item["value"] > item["max_value"]
    ]
    return _verdict(observation, wrong)


@check("trait-required")
def trait_required(observation: Observation, *, names: tuple[tuple[str, ...], ...]) -> Finding:
    """Each of these traits is there, under one of its names, in any case, with a value."""
    if observation.document is None:
        return unread(observation)
    found = {name for name, item in named(observation).items() if item.get("value") not in (None, "")}
    absent = [" or ".join(names_of_one) for names_of_one in names if not found & set(names_of_one)]
    return judged(not absent, f"missing: {listed(absent)}" if absent else f"all {len(names)} are there")


@check("trait-values")
def trait_values(observation: Observation, *, names: tuple[str, ...], allowed: tuple[str, ...]) -> Finding:
    """These traits, where they are given, have one of the allowed values, letter for letter."""
    found = [item for name, item in named(observation).items() if name in names]
    if not found:
        return skipped(f"none of {listed(list(names))}")
    wrong = [item for item in found if item.get("value") not in allowed]
    return judged(not wrong, listed([_label(item) for item in wrong or found]))


@check("trait-between")
def trait_between(observation: Observation, *, name: str, least: int, most: int) -> Finding:
    """This trait, where it is given, is a number (or digits) in the range."""
    item = named(observation).get(name)
    if item is None:
        return skipped(f"no {name}")
    value = item.get("value")
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    good = isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
    return judged(good, _label(item))


@check("trait-text")
def trait_text(observation: Observation, *, name: str) -> Finding:
    """This trait, where it is given, is plain text: no display_type, not a number."""
    item = named(observation).get(name)
    if item is None:
        return skipped(f"no {name}")
    kind = f" ({shown(item['display_type'], 20)})" if item.get("display_type") else ""
    return judged(isinstance(item.get("value"), str) and not kind, _label(item) + kind)
