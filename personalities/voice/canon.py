"""Fills the canon part of a scene from a birth and its pack."""

from typing import Any

from personalities.birth import Personality
from personalities.derive import Draws, derive
from personalities.dials import DIALS, band_word
from personalities.pack import Option, Pack
from personalities.templates import Reference, Template, articles, fill
from personalities.voice.person import first_person
from personalities.voice.scene import Canon, Scene, Slot


def canon_of(p: Personality, pack: Pack) -> Canon:
    """What the voice needs to know of a birth. Raises ValueError when `p` was born of another pack."""
    if p.pack_hash != pack.hash:
        raise ValueError(f"this personality was born of pack {p.pack} ({p.pack_hash[:12]}), not of {pack.id}")
    words = _Words(p, pack)
    signals = {signal.id: signal.option(str(p.signal(signal.title))) for signal in pack.signals}
    lineage = next((option for option in signals.values() if "kin" in option.facets), None)
    archetype = next((option for option in signals.values() if "noun" in option.facets), None)
    era = next((option for option in signals.values() if "place" in option.facets), None)
    lines = {key: words.own(option, "line") for key, option in signals.items()}
    if lineage is not None:
        lines["lesson"] = words.own(lineage, "lesson")
    titles = {signal.id: signal.title for signal in pack.signals}
    return Canon(
        token_id=p.token_id,
        name=p.name,
        given=p.given,
        pack=pack.id,
        signals=tuple((title, str(value)) for title, value in p.signals),
        dials=p.dials,
        slots=tuple(words.slot(slot.id, slot.options[at]) for slot, at in zip(pack.slots, p.slots, strict=True)),
        lines={key: found for key, found in lines.items() if found},
        unspoken=tuple(titles[key] for key in pack.scope.unspoken),
        noun=words.one(archetype, "noun"),
        kin=words.one(lineage, "kin"),
        people=words.one(lineage, "people"),
        place=words.one(era, "place"),
    )


def scene_for(p: Personality, pack: Pack, message: str = "", **moment: Any) -> Scene:
    """A scene with the canon filled in; `moment` gives its other fields, and dials are those of birth unless given.
    Raises ValueError when `p` was born of another pack or the dials are not 16 values in range."""
    moment.setdefault("dials", p.dials)
    moment.setdefault("token_id", p.token_id)
    return Scene(personality=canon_of(p, pack), message=message, **moment)


class _Words:
    """Fills a pack's templates for one birth; which of several lines a reference means follows from its seed."""

    def __init__(self, p: Personality, pack: Pack) -> None:
        self._p = p
        self._pack = pack
        self._draws = Draws(derive("voice", bytes.fromhex(p.seed)))
        self._chosen: dict[str, Option] = {slot.id: slot.options[p.slots[at]] for at, slot in enumerate(pack.slots)}
        self._chosen |= {signal.id: signal.option(str(p.signal(signal.title))) for signal in pack.signals}

    def slot(self, slot_id: str, option: Option) -> Slot:
        say, ask, dont, image = (self.all(option, facet) for facet in ("say", "ask", "dont", "image"))
        noun = self.one(option, "noun")
        return Slot(slot_id, option.label, self.own(option, "line"), say, ask, dont, image, noun)

    def own(self, option: Option, facet: str) -> tuple[str, ...]:
        return tuple(first_person(line) for line in self.all(option, facet))

    def all(self, option: Option, facet: str) -> tuple[str, ...]:
        return tuple(articles(fill(line, self._resolve)) for line in option.facets.get(facet, ()))

    def one(self, option: Option | None, facet: str) -> str:
        lines: tuple[Template, ...] = option.facets.get(facet, ()) if option else ()
        return articles(fill(lines[self._draws.below(len(lines))], self._resolve)) if lines else ""

    def _resolve(self, reference: Reference) -> str:
        key, facet = reference.key, reference.facet
        if key in ("name", "given"):
            return self._p.name if key == "name" else self._p.given
        if key in DIALS and not facet:
            at = DIALS.index(key)
            return band_word(at, self._p.dials[at] * 7 >> 16)
        if key in self._chosen and facet == "label":
            return self._chosen[key].label
        if key in DIALS:
            lines = self._pack.dial_line(key, self._p.dials[DIALS.index(key)])
        else:
            lines = self._chosen[key].facets[facet] if key in self._chosen else self._pack.banks[key]
        return fill(lines[self._draws.below(len(lines))], self._resolve)
