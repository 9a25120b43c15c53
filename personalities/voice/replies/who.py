"""Who and what the agent is: name, nature, traits, origin, values, and how it is today."""

from collections.abc import Sequence

from personalities.behaviour import strongest
from personalities.dials import DIALS, band, band_word
from personalities.voice import banks
from personalities.voice.parts import Parts
from personalities.voice.replies.raising import raised_line
from personalities.voice.scene import Noticed
from personalities.voice.teller import Teller


def greeting(t: Teller, found: Sequence[Noticed]) -> Parts:
    formality = t.manner.band("Formality")
    named = t.holder and t.draw("named", 2) == 0
    key = (
        "greeting_named"
        if named
        else "greeting_casual"
        if formality <= 1
        else "greeting_formal"
        if formality >= 5
        else "greeting"
    )
    first = t.line(key) or t.say("greeting")
    more = [lambda: t.line("origin"), lambda: t.line("values_keepsake"), lambda: t.line("mood_more")]
    more = more[t.draw("greeting", 3) :]
    if t.manner.band("Initiative") >= 3 or t.manner.band("Sociability") >= 4:
        more.insert(0, lambda: raised_line(t))
    return Parts([first], more=more, ask="greeting", noticed=found)


def name(t: Teller, found: Sequence[Noticed]) -> Parts:
    more = [lambda: t.line("name_more"), lambda: lineage(t), lambda: t.line("name_more"), lambda: born(t)]
    return Parts([t.say("name")], more=more, ask="name", noticed=found)


def nature(t: Teller, found: Sequence[Noticed]) -> Parts:
    said = set(t.words)
    kinds = (
        ("nature_model", banks.words("model")),
        ("nature_no", banks.words("human")),
        ("nature_alive", banks.words("living")),
        ("nature_feel", banks.words("feeling")),
        ("nature_yes", banks.words("made")),
    )
    key = next((key for key, words in kinds if said & words), "nature")
    if key == "nature_no" and said & banks.words("made") and "or" in said:
        key = "nature"
    t.use("nature")
    return Parts([t.say(key)], more=[lambda: t.line("nature_more")] * 3, ask="nature", noticed=found)


def traits(t: Teller, found: Sequence[Noticed]) -> Parts:
    said = set(t.words)
    if said & {"stage", "level", "experience", "xp", "advanced"} and (t.fact("stage") or t.fact("level")):
        core = [t.say("level") if t.fact("level") else "", t.say("stage") if t.fact("stage") else ""]
        return Parts([line for line in core if line], must=2, ask="traits", noticed=found)
    if titles := [
        (title, value) for title, value in t.canon.signals if title.lower() in t.words and title not in t.canon.unspoken
    ]:
        t.use(*(f"signal:{title}" for title, _ in titles[:2]))
        return Parts(
            [t.say("signal", title=title, value=value) for title, value in titles[:2]], ask="traits", noticed=found
        )
    if dials := named_dials(t):
        return Parts(
            [line for dial in dials[:2] for line in one_dial(t, dial)], must=len(dials[:2]), ask="traits", noticed=found
        )
    first = t.say("traits_list", list=trait_words(t, min(8, 3 + t.manner.statements // 2)))
    core = [first]
    if said & {"quirk", "quirks", "habit", "habits", "mannerism", "mannerisms"} and t.canon.slot("quirk").label:
        core = [t.say("quirks", label=t.canon.slot("quirk").label), first]
    more = [
        lambda: t.line("level"),
        lambda: life(t, "rhythm"),
        lambda: t.line("quirks", label=t.canon.slot("quirk").label),
        lambda: life(t, "humour"),
    ]
    return Parts(core, more=more, ask="traits", noticed=found)


def mood(t: Teller, found: Sequence[Noticed]) -> Parts:
    near = [
        dial
        for dial in ("Optimism", "Intensity", "Steadiness", "Sociability", "Playfulness", "Warmth")
        if dial in DIALS
    ]
    chosen = t.order("mood", near)[:2]
    t.use(*(f"dial:{dial}" for dial in chosen))
    first = t.say("mood", list=" and ".join(t.manner.word(dial) for dial in chosen))
    return Parts([first], more=[lambda: t.line("mood_more")] * 2, ask="mood", noticed=found)


def origin(t: Teller, found: Sequence[Noticed]) -> Parts:
    said = set(t.words)
    if said & {
        "made",
        "created",
        "built",
        "wrote",
        "designed",
        "creator",
        "maker",
        "generated",
        "author",
        "invented",
        "programmed",
        "developer",
        "inventor",
    }:
        first = t.say("origin_made")
    elif said & {"old", "age", "birthday", "when", "era", "century"} and t.fact("era"):
        first = t.say("origin_age")
    else:
        first = life(t, "origin") or t.say("origin")
    more = [lambda: lineage(t), lambda: t.line("origin"), lambda: born(t), lambda: signal_line(t, "lesson")]
    return Parts([first], more=more, ask="origin", noticed=found)


def values(t: Teller, found: Sequence[Noticed]) -> Parts:
    said = set(t.words)
    taboo = list(t.canon.slot("taboo").lines)
    never = said & {"never", "refuse", "taboo", "taboos", "boundaries", "boundary", "limits", "rule", "rules", "not"}
    kept = said & {
        "keepsake",
        "carry",
        "pocket",
        "treasure",
        "possession",
        "possessions",
        "own",
        "hands",
        "bag",
        "hand",
    }
    liked = said & {"like", "enjoy", "hobby", "hobbies", "favorite", "favourite", "fun", "pastime", "love"}

    def rule() -> str:
        frames = banks.lines("replies", "values_taboo")
        return t.maybe("values_taboo", [line.replace("{taboo}", law) for line in frames for law in taboo])

    first = rule() if never and taboo else t.say("values_keepsake") if kept else t.say("values_like") if liked else ""
    more = [lambda: life(t, "value"), rule, lambda: life(t, "keepsake"), lambda: t.line("values")]
    return Parts([first or t.say("values")], more=more, ask="values", noticed=found)


def trait_words(t: Teller, count: int) -> str:
    """Today's words for the most pronounced dials: `tender, blunt and wry`."""
    chosen = [DIALS[at] for at in strongest(t.scene.dials)[:count]]
    start = t.draw("traits", max(1, len(chosen)))
    chosen = chosen[start:] + chosen[:start]
    t.use(*(f"dial:{dial}" for dial in chosen))
    words = [t.manner.word(dial) for dial in chosen]
    return ", ".join(words[:-1]) + " and " + words[-1]


def named_dials(t: Teller) -> list[str]:
    """The dials a message speaks of, by name, by band word or by a common word for them."""
    words = {
        word: dial
        for at, dial in enumerate(DIALS)
        for word in (dial.lower(), *(band_word(at, step) for step in range(7)))
    }
    found = [
        banks.read("lexicon")["dial_words"].get(word) or words.get(word)
        for word in t.words
        if word not in ("open", "kind", "even", "quick", "level", "plain", "clear", "quiet")
        or word in banks.read("lexicon")["dial_words"]
    ]
    return list(dict.fromkeys(dial for dial in found if dial))


def one_dial(t: Teller, dial: str) -> list[str]:
    """Its word today, and what it was at birth."""
    at = DIALS.index(dial)
    was = band_word(at, band(t.canon.dials[at]))
    t.use(f"dial:{dial}")
    first = t.say("trait_one", dial=dial.lower(), word=t.manner.word(dial))
    return [first, t.line("trait_birth" if was == t.manner.word(dial) else "trait_moved", birth=was)]


def life(t: Teller, slot: str) -> str:
    """What the pack says of one slot, in the first person."""
    line = t.maybe(f"life:{slot}", t.canon.slot(slot).lines)
    if line:
        t.use(f"slot:{slot}")
    return line


def signal_line(t: Teller, key: str) -> str:
    line = t.maybe(f"signal:{key}", t.canon.lines.get(key, ()))
    if line:
        t.use(f"signal:{key}")
    return line


def lineage(t: Teller) -> str:
    return signal_line(t, "lineage") or signal_line(t, "ancestor") or signal_line(t, "lesson")


def born(t: Teller) -> str:
    return signal_line(t, "era") or signal_line(t, "archetype") or signal_line(t, "element")
