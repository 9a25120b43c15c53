"""Picks true, fresh lines: nothing is said that a recent turn said, and no line is used whose facts are missing.

A line is a template: `{name}` is a fact, `{^name}` the same with a capital. Which of several lines is taken follows
from a hash of who speaks, what was said, and how long the talk is.
"""

import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from personalities.voice import banks
from personalities.voice.manner import Manner
from personalities.voice.reading import name_of, quote, sentence_key, sentence_keys, sentences, tokens
from personalities.voice.scene import MAX_HISTORY, Scene

_PLACE = re.compile(r"\{(\^?)([a-z_]+)\}")
_MAX_TURN = 8_000


class Teller:
    """One reply in the making."""

    def __init__(self, scene: Scene, words: Sequence[str] = (), raw: Sequence[str] = ()) -> None:
        self.scene = scene
        self.canon = scene.personality
        self.words = tuple(words)
        self.either = frozenset(words) | frozenset(raw)
        """The words of the message, as they stand and with slips forgiven."""
        self.manner = Manner.of(scene.dials, self.canon.slot("rhythm").label)
        self.history = scene.history[-MAX_HISTORY:]
        self.holder = name_of(scene.holder) or self._told_name()
        self.used: list[str] = []
        self.bare = False
        """Whether words are left as written, without this agent's ways."""
        said = [turn.text[:_MAX_TURN] for turn in self.history if turn.role == "assistant"]
        self._said = set[str]().union(*map(sentence_keys, said))
        self._base = f"{self.canon.name}|{self.canon.token_id}|{len(scene.history)}|{scene.message[:400]}|{scene.today}"
        self._facts = self._known()

    def draw(self, source: str, below: int) -> int:
        """A number 0..below-1 that follows from the scene and `source`."""
        digest = blake2b(f"{source}|{self._base}".encode("utf-8", "replace"), digest_size=6).digest()
        return int.from_bytes(digest, "big") % below

    def order(self, source: str, items: Iterable[str]) -> list[str]:
        """The items in an order that follows from the scene and `source`."""
        return sorted(items, key=lambda item: self.draw(f"{source}:{item}", 1 << 40))

    def fact(self, key: str) -> str:
        """The value of a placeholder; empty when the scene has none."""
        return self._facts.get(key, ("", ""))[0]

    def maybe(self, source: str, lines: Sequence[str], **facts: str) -> str:
        """A fresh line, filled in; empty when there is none."""
        if not lines:
            return ""
        start = self.draw(source, len(lines))
        for at in range(len(lines)):
            if found := self._take(lines[(start + at) % len(lines)], facts):
                return found
        return ""

    def line(self, key: str, **facts: str) -> str:
        """A fresh line of `replies.toml`, or empty."""
        return self.maybe(key, banks.lines("replies", key), **facts)

    def say(self, key: str, book: str = "replies", **facts: str) -> str:
        """A line that has to be said: a fresh one, or one made fresh by a lead-in."""
        lines = banks.lines(book, key)
        if found := self.maybe(key, lines, **facts):
            return found
        usable = [
            line for line in lines if all(facts.get(place[1]) or self.fact(place[1]) for place in _PLACE.findall(line))
        ]
        leads = banks.lines("manner", "lead", "neutral")
        start = self.draw(key + ":lead", len(leads)) if leads else 0
        for lead in (*leads[start:], *leads[:start]):
            for line in usable:
                if found := self._take(f"{lead}: {line}", facts):
                    return found
        for outer in leads:
            for inner in leads:
                if usable and outer != inner and (found := self._take(f"{outer}, {inner.lower()}: {usable[0]}", facts)):
                    return found
        return self._fill(self._worn(usable[0]), facts) if usable else ""

    def keep(self, sentence: str) -> bool:
        """Counts a sentence made elsewhere as said; False, changing nothing, when it was said before."""
        keys = [sentence_key(part) for part in sentences(sentence)]
        if len(set(keys)) < len(keys) or any(key in self._said for key in keys):
            return False
        self._said.update(keys)
        return True

    def was_said(self, sentence: str) -> bool:
        return sentence_key(sentence) in self._said

    def use(self, *keys: str) -> None:
        self.used += [key for key in keys if key not in self.used]

    def _take(self, template: str, facts: dict[str, str]) -> str:
        places = [place[1] for place in _PLACE.findall(template)]
        if not all(facts.get(place) or self.fact(place) for place in places):
            return ""
        filled = self._fill(self._worn(template), facts)
        if not self.keep(filled):
            return ""
        self.use(
            *(
                self._facts[place][1]
                for place in places
                if place in self._facts and place not in facts and self._facts[place][1]
            )
        )
        return filled

    def _worn(self, template: str) -> str:
        return template if self.bare else self.manner.wear(template)

    def _fill(self, template: str, facts: dict[str, str]) -> str:
        def value(match: re.Match[str]) -> str:
            text = facts.get(match[2]) or self.fact(match[2])
            return text[:1].upper() + text[1:] if match[1] else text

        filled = _PLACE.sub(value, template)
        return filled[:1].upper() + filled[1:] if template.startswith("{") and not filled.startswith("“") else filled

    def _told_name(self) -> str:
        names = [memory.text for memory in self.scene.memories if memory.kind == "name"]
        return name_of(names[-1]) if names else ""

    def _known(self) -> dict[str, tuple[str, str]]:
        """Per placeholder its value and the key of its fact."""
        scene, canon = self.scene, self.canon
        images = canon.slot("metaphor").image
        token = scene.token_id if scene.token_id is not None else canon.token_id
        known = {
            "name": (canon.name, "name"),
            "given": (canon.given, "name"),
            "noun": (canon.noun, "archetype"),
            "kin": (canon.kin, "lineage"),
            "people": (canon.people, "lineage"),
            "place": (canon.place, "era"),
            "pack": (canon.pack, "pack"),
            "keepsake": (canon.slot("keepsake").noun, "slot:keepsake"),
            "craft": (canon.slot("craft").noun or canon.slot("craft").label, "slot:craft"),
            "study": (canon.slot("study").noun or canon.slot("study").label, "slot:study"),
            "value": (canon.slot("value").label, "slot:value"),
            "image": (images[self.draw("image", len(images))] if images else "", "slot:metaphor"),
            "holder": (self.holder, "holder"),
            "echo": (self._echo(), ""),
            "stage": (name_of(scene.stage), "stage"),
            "level": (str(scene.level) if scene.level is not None else "", "level"),
            "collection": (name_of(scene.collection), "collection"),
            "supply": (str(scene.supply) if scene.supply else "", "supply"),
            "token": (str(token), "token"),
        }
        era = next((value for title, value in canon.signals if title == "Era" and title not in canon.unspoken), "")
        known["era"] = (era, "era")
        return known

    def _echo(self) -> str:
        """The most telling word of the message."""
        plain = banks.words("stop") | banks.words("english")
        heard = [
            word
            for word in tokens(self.scene.message[:600])
            if 4 <= len(word) <= 14 and word.isalpha() and word not in plain
        ]
        best = max(heard, key=len, default="")
        return quote(best)
