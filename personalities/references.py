"""Checks that whatever a pack's templates refer to exists, so that filling one in can never fail."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from personalities.dials import DIALS
from personalities.errors import PackError
from personalities.fields import listed, meant
from personalities.pack import Pack, Signal, Trait
from personalities.templates import Reference, Template

_OWN = ("name", "given")
MAX_REFERENCES = 12
"""How many lines may lead on to one another."""
_MOST = 40
"""Unresolved references that one error names."""


class _Lines(NamedTuple):
    where: str
    """Their file, and the place in it."""
    source: str
    """What a reference to them looks like; empty when none can lead here."""
    templates: Sequence[Template]


def check_references(pack: Pack) -> None:
    """Raise PackError with every reference that resolves to nothing, or else with the first line that leads back to
    itself, however indirectly, or on through too many others."""
    traits: dict[str, Trait] = {trait.id: trait for trait in (*pack.slots, *pack.signals)}
    if clash := [key for key in pack.banks if key in traits or key in DIALS or key in _OWN]:
        raise PackError(f"words.toml: {clash[0]!r} is already the name of a slot, a signal or a dial")
    if len(traits) != len(pack.slots) + len(pack.signals):
        raise PackError("pack.toml: a slot and a signal have the same name")
    every = list(_every(pack))
    if problems := [*_unresolved(pack, traits, every), *_unknown_exchanges(pack)]:
        more = len(problems) - _MOST
        raise PackError(*problems[:_MOST], *([f"and {more} more like these"] if more > 0 else []))
    _check_depth(every)


def _every(pack: Pack) -> Iterator[_Lines]:
    """All lines of the pack."""
    for trait in (*pack.slots, *pack.signals):
        file = _file(trait)
        for option in trait.options:
            for facet, templates in option.facets.items():
                yield _Lines(f"{file}: {option.label}: {facet}", f"{trait.id}.{facet}", templates)
    for key, templates in pack.banks.items():
        yield _Lines(f"words.toml: {key}", key, templates)
    for dial, by_band in pack.dial_lines.items():
        for templates in by_band:
            yield _Lines(f"dials.toml: {dial}", f"{dial}.line", templates)
    for heading, blocks in pack.sections.items():
        for block in blocks:
            yield _Lines(f"document.toml: {heading}", "", [*block.parts, block.lead])
    for key, exchange in pack.exchanges.items():
        yield _Lines(f"document.toml: exchange {key}", "", [exchange.ask, *exchange.reply])
    yield _Lines("document.toml: description", "", pack.description)
    yield _Lines("document.toml: introduction", "", pack.introduction)


def _file(trait: Trait) -> str:
    return f"{'signals' if isinstance(trait, Signal) else 'slots'}/{trait.id}.toml"


def _unresolved(pack: Pack, traits: Mapping[str, Trait], every: Sequence[_Lines]) -> Iterator[str]:
    """One problem for each reference that resolves to nothing and each file it stands in."""
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    parts: dict[str, Reference] = {}
    for lines in every:
        for part in _references(lines.templates):
            places[lines.where.partition(":")[0], part.source].append(lines.where)
            parts[part.source] = part
    for (_, source), found in places.items():
        if fault := _fault(pack, traits, parts[source]):
            others = f" (in this file {len(found)} times)" if len(found) > 1 else ""
            yield f"{found[0]}: {{{source}}}{fault}{others}"


def _fault(pack: Pack, traits: Mapping[str, Trait], part: Reference) -> str:
    """What is wrong with a reference; empty when nothing is."""
    if part.key in traits:
        trait = traits[part.key]
        known = sorted({"label", *(facet for option in trait.options[:1] for facet in option.facets)})
        if part.facet in known:
            return ""
        needs = f"{part.key} needs a facet, as in {{{part.key}.label}}"
        what = f"{part.key} has no such facet" if part.facet else needs
        return f": {what}; {_file(trait)} has {listed(known)}{meant(part.facet, known)}"
    if part.key in DIALS:
        return "" if part.facet in ("", "line") else ": a dial has its word and its line only"
    if not part.facet and (part.key in _OWN or part.key in pack.banks):
        return ""
    if part.facet:
        ids = listed(sorted(traits))
        return f" is nothing in this pack; its slots and signals are {ids}{meant(part.key, traits)}"
    near = meant(part.key, (*pack.banks, *DIALS, *traits, *_OWN))
    return f" is nothing in this pack: no bank of words.toml and no dial{near}"


def _unknown_exchanges(pack: Pack) -> Iterator[str]:
    for heading, blocks in pack.sections.items():
        for key in (key for block in blocks for key in block.exchanges if key not in pack.exchanges):
            ids = listed(sorted(pack.exchanges))
            yield f"document.toml: {heading}: there is no exchange {key!r}; there are {ids}{meant(key, pack.exchanges)}"


def _check_depth(every: Sequence[_Lines]) -> None:
    """Raise PackError for lines that lead back to themselves or on through too many references, all of which exist."""
    leads_to: dict[str, list[_Lines]] = defaultdict(list)
    for lines in every:
        leads_to[lines.source].append(lines)
    depths: dict[str, int] = {}

    def check(lines: _Lines, above: tuple[str, ...]) -> int:
        """How many references deep the lines go."""
        return max((follow(part, lines.where, above) for part in _references(lines.templates)), default=0)

    def follow(part: Reference, where: str, above: tuple[str, ...]) -> int:
        source = part.source
        if source in above:
            raise PackError(f"{where}: {{{source}}} leads back to itself")
        if source not in depths:
            below = [check(lines, (*above, source)) for lines in leads_to.get(source, ())]
            depths[source] = 1 + max(below, default=0)
        if len(above) + depths[source] > MAX_REFERENCES:
            raise PackError(f"{where}: {{{source}}} leads on through more than {MAX_REFERENCES} references")
        return depths[source]

    for lines in every:
        check(lines, (lines.source,) if lines.source else ())


def _references(templates: Sequence[Template]) -> Iterator[Reference]:
    return (part for template in templates for part in template if isinstance(part, Reference))
