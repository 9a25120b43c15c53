"""How long a pack's documents can get, whatever is drawn: an upper bound, so that no birth can fail on its size."""

from collections.abc import Iterable, Sequence

from personalities.dials import BAND_WORDS
from personalities.pack import SECTIONS, Block, Pack, Signal, Trait
from personalities.templates import Reference, Template


def longest_document(pack: Pack) -> int:
    """An upper bound, in bytes, on every BEAUVOIR.md of the pack. References must have been checked."""
    return _Longest(pack).document()


class _Longest:
    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._name = max(
            sum(len(piece) for piece in form.pieces) + sum(max(len(word) for word in bank) for bank in form.banks)
            for form in pack.names.forms
        )
        self._traits: dict[str, Trait] = {trait.id: trait for trait in (*pack.slots, *pack.signals)}
        self._known: dict[Reference, int] = {}

    def document(self) -> int:
        headings = self._name + 4 + sum(len(heading) + 5 for heading in SECTIONS)
        return headings + sum(self._block(block) + 2 for blocks in self._pack.sections.values() for block in blocks)

    def _block(self, block: Block) -> int:
        if block.kind == "facts":
            signals = sum(_bytes(s.title) + 5 + _label(s) for s in self._pack.signals)
            return signals + 10 + sum(len(dial) + 3 + max(map(len, words)) for dial, words in BAND_WORDS.items())
        if block.kind == "exchanges":
            exchanges = (self._pack.exchanges[key] for key in block.exchanges)
            sizes = [self._line(e.ask) + self._all(e.reply) + self._name + 11 for e in exchanges]
        else:
            sizes = [self._line(part) + 3 for part in block.parts]
        return self._line(block.lead) + 2 + sum(sorted(sizes)[-block.take :])

    def _all(self, templates: Iterable[Template]) -> int:
        return sum(self._line(template) + 1 for template in templates)

    def _line(self, template: Template) -> int:
        return sum(_bytes(part) if isinstance(part, str) else self._reference(part) for part in template)

    def _reference(self, part: Reference) -> int:
        if part not in self._known:
            self._known[part] = self._measured(part)
        return self._known[part]

    def _measured(self, part: Reference) -> int:
        if part.key in ("name", "given"):
            return self._name
        if part.key in BAND_WORDS:
            if not part.facet:
                return max(map(len, BAND_WORDS[part.key]))
            return max(self._best(lines) for lines in self._pack.dial_lines[part.key])
        if part.key in self._traits:
            trait = self._traits[part.key]
            if part.facet == "label":
                return _label(trait)
            return max(self._best(option.facets[part.facet]) for option in trait.options)
        return self._best(self._pack.banks[part.key])

    def _best(self, templates: Sequence[Template]) -> int:
        return max(self._line(template) for template in templates)


def _label(trait: Trait) -> int:
    """The longest label; of a number or date, the longest way to write it (a year and `-06-15`)."""
    if isinstance(trait, Signal) and trait.kind != "choice":
        return max(4, *(len(str(edge)) for span in trait.spans for edge in (span.first, span.last))) + 6
    return max(_bytes(option.label) for option in trait.options)


def _bytes(text: str) -> int:
    return len(text.encode())
