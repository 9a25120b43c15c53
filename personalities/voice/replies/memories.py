"""What the holder said: recalling, keeping, forgetting, and taking in."""

from collections.abc import Sequence

from personalities.voice import banks
from personalities.voice.noticing import asked_to_keep
from personalities.voice.parts import Parts
from personalities.voice.reading import quote, tokens
from personalities.voice.scene import Memory, Noticed
from personalities.voice.teller import Teller

_ALL = frozenset(["everything", "all", "anything", "memory", "memories", "data", "history"])


def recall(t: Teller, found: Sequence[Noticed]) -> Parts:
    said = set(t.words)
    memories = list({quote(memory.words): memory for memory in t.scene.memories if quote(memory.words)}.values())
    asks_name = ("name" in said and "my" in said) or ("who" in said and "i" in said)
    names = [memory for memory in memories if memory.kind == "name"]
    if asks_name and (names or t.holder):
        told = quote(names[-1].text) if names else ""
        t.use(f"memory:{names[-1].id}") if names else t.use("holder")
        first = t.say("recall_name", name_told=told) if told else t.say("recall_holder")
        return Parts([first], more=[lambda: t.line("recall_more")], ask="recall", noticed=found)
    meant = about(t, memories)
    specific = bool(said & banks.words("personal"))
    chosen = meant or ([] if specific else sorted(memories, key=lambda memory: memory.day, reverse=True))
    if not chosen:
        first = t.say("recall_none_of" if memories or specific else "recall_none")
        return Parts([first], more=[lambda: t.line("recall_more")], ask="recall", noticed=found)
    core = [_quoted(t, memory) for memory in chosen[: 1 + t.manner.statements // 2]]
    return Parts([line for line in core if line], more=[lambda: t.line("recall_more")], ask="recall", noticed=found)


def _quoted(t: Teller, memory: Memory) -> str:
    t.use(f"memory:{memory.id}")
    return t.say("recall_lead", day=quote(memory.day, 20), words=quote(memory.words))


def about(t: Teller, memories: Sequence[Memory]) -> list[Memory]:
    """The memories a message speaks of: by a word they share, else by their kind; the best first."""
    plain = banks.words("stop") | banks.words("english")
    said = {word for word in t.words if word not in plain and len(word) > 2}
    kinds_of = banks.read("lexicon")["memory_kinds"]
    kinds = {kinds_of[word] for word in t.words if word in kinds_of}

    def score(memory: Memory) -> int:
        words = {word for word in tokens(memory.words[:400] + " " + memory.text[:100]) if word not in plain}
        return 3 * len(said & words) + (memory.kind in kinds)

    scored = [(score(memory), at, memory) for at, memory in enumerate(memories)]
    best = max((points for points, _, _ in scored), default=0)
    return [
        memory
        for points, at, memory in sorted(scored, key=lambda item: (-item[0], -item[1]))
        if points and points >= best - 1
    ]


def remember(t: Teller, found: Sequence[Noticed]) -> Parts:
    words = asked_to_keep(t.scene.message) or next((quote(item.words) for item in found if quote(item.words)), "")
    if not words or not found:
        return Parts([t.say("remember_empty")], ask="", noticed=found)
    return Parts(
        [t.say("remember", words=words)],
        more=[lambda: t.line("remember_more")],
        ask="remember",
        noticed=found,
        act="remember",
    )


def forget(t: Teller, found: Sequence[Noticed]) -> Parts:
    said = set(t.words)
    meant = about(t, t.scene.memories) if not said & _ALL else list(t.scene.memories)
    if not meant and said & {"that", "this", "it", "last"} and t.scene.memories:
        meant = [max(enumerate(t.scene.memories), key=lambda item: (item[1].day, item[0]))[1]]
    if not meant:
        return Parts([t.say("forget_none")], ask="", noticed=())
    everything = bool(said & _ALL)
    meant = meant if everything else meant[:3]
    t.use(*(f"memory:{memory.id}" for memory in meant))
    words = next((quote(memory.words) for memory in meant if quote(memory.words)), "")
    first = t.say("forget_all") if everything or not words else t.say("forget", words=words)
    return Parts([first], more=[lambda: t.line("forget_more")], ask="", offer=False, noticed=(), act="forget")


def share(t: Teller, found: Sequence[Noticed]) -> Parts:
    strong = [item for item in found if item.kind != "topic"]
    words = next((quote(item.words) for item in (strong or found) if quote(item.words)), "")
    echo = words and t.draw("share", 3) < 2
    first = t.line("share", words=words) if echo and len(words) < 90 else ""
    return Parts(
        [first or t.say("share_plain")],
        more=[lambda: t.line("share_more")] if strong else [],
        ask="share",
        noticed=found,
    )
