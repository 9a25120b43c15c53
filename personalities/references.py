"""Checks that whatever a pack's templates refer to exists, so that filling one in can never fail."""

from collections.abc import Iterator, Mapping, Sequence

from personalities.dials import DIALS
from personalities.errors import PackError
from personalities.pack import Pack, Trait
from personalities.templates import Reference, Template

_OWN = ("name", "given")
MAX_REFERENCES = 12
"""How many lines may lead on to one another."""


def check_references(pack: Pack) -> None:
    """Raise PackError unless every reference resolves and no line leads back to itself, however indirectly."""
    traits: dict[str, Trait] = {trait.id: trait for trait in (*pack.slots, *pack.signals)}
    if clash := [key for key in pack.banks if key in traits or key in DIALS or key in _OWN]:
        raise PackError(f"words.toml: {clash[0]!r} is already the name of a slot, a signal or a dial")
    if len(traits) != len(pack.slots) + len(pack.signals):
        raise PackError("pack.toml: a slot and a signal have the same name")

    def check(templates: Sequence[Template], where: str, above: tuple[str, ...]) -> int:
        """How many references deep the templates go."""
        parts = (part for template in templates for part in template if isinstance(part, Reference))
        return max((follow(part, where, above) for part in parts), default=0)

    def follow(part: Reference, where: str, above: tuple[str, ...]) -> int:
        source = f"{part.key}.{part.facet}" if part.facet else part.key
        if part.key in traits:
            options = traits[part.key].options
            if part.facet != "label" and not (options and part.facet in options[0].facets):
                raise PackError(f"{where}: {{{source}}}: {part.key} has no such facet")
        elif part.key in DIALS:
            if part.facet not in ("", "line"):
                raise PackError(f"{where}: {{{source}}}: a dial has its word and its line only")
        elif part.facet or (part.key not in _OWN and part.key not in pack.banks):
            raise PackError(f"{where}: {{{source}}} is nothing in this pack")
        if source in above:
            raise PackError(f"{where}: {{{source}}} leads back to itself")
        if source not in depths:
            below = [check(lines, f"{{{source}}}", (*above, source)) for lines in _lines(pack, traits, part)]
            depths[source] = 1 + max(below, default=0)
        if len(above) + depths[source] > MAX_REFERENCES:
            raise PackError(f"{where}: {{{source}}} leads on through more than {MAX_REFERENCES} references")
        return depths[source]

    depths: dict[str, int] = {}
    for trait in traits.values():
        for option in trait.options:
            for facet, templates in option.facets.items():
                check(templates, f"{trait.id}: {option.label}: {facet}", (f"{trait.id}.{facet}",))
    for key, templates in pack.banks.items():
        check(templates, f"words.toml: {key}", (key,))
    for dial, by_band in pack.dial_lines.items():
        for templates in by_band:
            check(templates, f"dials.toml: {dial}", (f"{dial}.line",))
    for heading, blocks in pack.sections.items():
        for block in blocks:
            check([*block.parts, block.lead], f"document.toml: {heading}", ())
            if unknown := [key for key in block.exchanges if key not in pack.exchanges]:
                raise PackError(f"document.toml: {heading}: there is no exchange {unknown[0]!r}")
    for exchange in pack.exchanges.values():
        check([exchange.ask, *exchange.reply], "document.toml: exchange", ())
    check([*pack.description, *pack.introduction], "document.toml", ())


def _lines(pack: Pack, traits: Mapping[str, Trait], part: Reference) -> Iterator[tuple[Template, ...]]:
    """All lists of lines a reference may draw from."""
    if part.key in traits and part.facet != "label":
        yield from (option.facets[part.facet] for option in traits[part.key].options)
    elif part.key in pack.dial_lines and part.facet:
        yield from pack.dial_lines[part.key]
    elif part.key in pack.banks:
        yield pack.banks[part.key]
