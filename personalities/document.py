"""Writes what a personality says of itself: BEAUVOIR.md, the description in its token JSON, and a greeting.

The words are the pack's; this module only decides which line speaks, from the personality's seed. The same personality
and pack give the same bytes.
"""

from personalities.birth import Personality
from personalities.derive import Draws, derive
from personalities.dials import BAND_WORDS, DIALS, band
from personalities.pack import SECTIONS, Block, Exchange, Option, Pack
from personalities.templates import Reference, Template, articles, fill

_MIDDLE = 1 << 15


def beauvoir(p: Personality, pack: Pack) -> str:
    """BEAUVOIR.md: Markdown, UTF-8, `\\n` line ends, at most 8 KiB, with the headings of `SECTIONS`. Raises ValueError
    when `p` was born of another pack."""
    writer = _Writer(p, pack, "document")
    sections = [f"# {p.name}"]
    for heading in SECTIONS:
        sections.append(f"## {heading}")
        sections += [writer.block(block) for block in pack.sections[heading]]
    return "\n\n".join(sections) + "\n"


def description(p: Personality, pack: Pack) -> str:
    """One to three plain sentences for token JSON. To describe an agent as it is today, pass `p` with today's dials:
    only the band words change. Raises ValueError when `p` was born of another pack."""
    return _Writer(p, pack, "description").one_of(pack.description)


def introduction(p: Personality, pack: Pack) -> str:
    """A greeting in the first person. Raises ValueError when `p` was born of another pack."""
    return _Writer(p, pack, "introduction").one_of(pack.introduction)


def facts(p: Personality) -> str:
    """The list that ends Self-knowledge: birth signals, and all dials as words, the most pronounced first."""
    lines = [f"- {title}: {value}\n" for title, value in p.signals]
    dials = dict(zip(DIALS, p.dials, strict=True))
    strongest = sorted(DIALS, key=lambda dial: -abs(dials[dial] - _MIDDLE))
    return "".join(lines) + "- Dials: " + ", ".join(f"{d.lower()} {BAND_WORDS[d][band(dials[d])]}" for d in strongest)


class _Writer:
    """Fills templates for one personality, never taking the same line twice while there are others."""

    def __init__(self, p: Personality, pack: Pack, use: str) -> None:
        if p.pack_hash != pack.hash:
            raise ValueError(f"this personality was born of pack {p.pack} ({p.pack_hash[:12]}), not of {pack.id}")
        self._p = p
        self._pack = pack
        self._draws = Draws(derive(use, bytes.fromhex(p.seed)))
        self._chosen: dict[str, Option] = {slot.id: slot.options[p.slots[at]] for at, slot in enumerate(pack.slots)}
        self._chosen |= {signal.id: signal.option(str(p.signal(signal.title))) for signal in pack.signals}
        self._dials = dict(zip(DIALS, p.dials, strict=True))
        self._paired = {(trait.id, facet) for trait in (*pack.slots, *pack.signals) for facet in trait.paired}
        self._places: dict[str, int] = {}
        self._unused: dict[str, list[Template]] = {}

    def one_of(self, templates: tuple[Template, ...]) -> str:
        return articles(fill(templates[self._draws.below(len(templates))], self._resolve))

    def block(self, block: Block) -> str:
        if block.kind == "facts":
            return facts(self._p)
        if block.kind == "exchanges":
            chosen = self._draws.shuffled(block.exchanges)[: block.take or None]
            return "\n\n".join(self._exchange(self._pack.exchanges[key]) for key in chosen)
        parts = self._draws.shuffled(block.parts) if block.shuffle else list(block.parts)
        lines = [self._write(part) for part in parts[: block.take or None]]
        if block.kind == "list":
            lead = self._write(block.lead) + "\n\n" if block.lead else ""
            return lead + "\n".join(f"- {line}" for line in lines)
        return " ".join(lines)

    def _write(self, template: Template) -> str:
        return articles(fill(template, self._resolve))

    def _exchange(self, exchange: Exchange) -> str:
        ask = self._write(exchange.ask)
        answer = " ".join(self._write(part) for part in exchange.reply)
        return f"> {ask}\n\n**{self._p.given}:** {answer}"

    def _word(self, dial: str) -> str:
        return BAND_WORDS[dial][band(self._dials[dial])]

    def _resolve(self, reference: Reference) -> str:
        key, facet = reference.key, reference.facet
        if key == "name":
            return self._p.name
        if key == "given":
            return self._p.given
        if key in self._dials:
            if not facet:
                return self._word(key)
            lines = self._pack.dial_line(key, self._dials[key])
        elif key in self._chosen:
            if facet == "label":
                return self._chosen[key].label
            lines = self._chosen[key].facets[facet]
            if (key, facet) in self._paired:
                if key not in self._places:
                    self._places[key] = self._draws.below(len(lines))
                return fill(lines[self._places[key]], self._resolve)
        else:
            lines = self._pack.banks[key]
        return fill(self._take(f"{key}.{facet}", lines), self._resolve)

    def _take(self, source: str, lines: tuple[Template, ...]) -> Template:
        unused = self._unused.get(source)
        if not unused:
            unused = self._unused[source] = list(lines)
        return unused.pop(self._draws.below(len(unused)))
