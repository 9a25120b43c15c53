"""What the record says: changes, owner, neighbours, proofs."""

from collections.abc import Sequence

from personalities.dials import DIALS, band, band_word
from personalities.voice.parts import Parts
from personalities.voice.reading import name_of, quote
from personalities.voice.replies.who import named_dials
from personalities.voice.scene import Change, Noticed
from personalities.voice.teller import Teller

_WHY = frozenset(["why", "reason", "reasons", "because", "cause", "caused", "explain", "explanation", "how"])


def change(t: Teller, found: Sequence[Noticed]) -> Parts:
    asked = named_dials(t)
    changes = sorted(t.scene.changes, key=lambda item: item.day, reverse=True)
    meant = [item for item in changes if item.dial in asked] or ([] if asked else changes)
    core: list[str] = []
    for item in meant[: max(1, min(4, t.manner.statements // 2))]:
        core += _told(t, item)
    since = (
        core or [line for dial in (asked or DIALS) for line in _since_birth(t, dial)][: 1 + t.manner.statements // 3]
    )
    if not since:
        return Parts([t.say("change_none")], more=[lambda: t.line("change_how")], ask="change", noticed=found)
    if not core:
        since.append(t.line("change_no_reason"))
    return Parts(since, must=2, more=[lambda: t.line("change_how")], ask="change", noticed=found)


def _told(t: Teller, item: Change) -> list[str]:
    t.use(f"change:{item.dial}:{item.day}")
    told = t.say(
        "change",
        **{"dial": item.dial.lower(), "from": quote(item.from_word), "to": quote(item.to_word), "day": quote(item.day)},
    )
    why = quote(item.why)
    return [told, t.say("change_why", why=why) if why else t.line("change_no_reason")]


def _since_birth(t: Teller, dial: str) -> list[str]:
    at = DIALS.index(dial)
    was, now = band_word(at, band(t.canon.dials[at])), t.manner.word(dial)
    if was == now:
        return []
    t.use(f"dial:{dial}")
    line = t.line("change_since", **{"dial": dial.lower(), "from": was, "to": now})
    return [line] if line else []


def owner(t: Teller, found: Sequence[Noticed]) -> Parts:
    said = set(t.words)
    if said & {"previous", "former", "past", "earlier", "had", "last", "first"} or {"before", "me"} <= said:
        return Parts([t.say("owner_past")], more=[lambda: t.line("owner_more")] * 2, ask="owner", noticed=found)
    holder = short(t.scene.owner)
    if not holder:
        return Parts([t.say("owner_none")], more=[lambda: t.line("owner_more")] * 2, ask="owner", noticed=found)
    t.use("owner")
    yours = t.scene.holder is not None and t.scene.holder == t.scene.owner
    first = t.line("owner_you", owner=holder) if yours else ""
    return Parts(
        [first or t.say("owner", owner=holder)], more=[lambda: t.line("owner_more")] * 2, ask="owner", noticed=found
    )


def short(owner: str | None) -> str:
    """A name as it is; an address by its ends."""
    plain = (owner or "").strip()
    if plain.startswith("0x") and len(plain) > 14 and plain[2:].isalnum() and plain.isascii():
        return f"{plain[:6]}…{plain[-4:]}"
    return name_of(plain) or quote(plain, 60)


def neighbours(t: Teller, found: Sequence[Noticed]) -> Parts:
    said = set(t.words)
    collection = _collection(t)
    names = [name for item in t.scene.neighbours if (name := name_of(item.name))]
    if (
        collection
        and said & {"many", "number", "supply", "total", "collection", "id", "count", "series", "set", "size", "token"}
        and not said & {"neighbours", "neighbors", "neighbour", "neighbor"}
    ):
        return Parts([collection], more=[lambda: t.line("neighbours_more")], ask="neighbours", noticed=found)
    if not names:
        return Parts(
            [t.say("neighbours_none"), collection],
            more=[lambda: t.line("neighbours_more")],
            ask="neighbours",
            noticed=found,
        )
    shown = names[: 2 + t.manner.statements]
    t.use(*(f"neighbour:{item.id}" for item in t.scene.neighbours if name_of(item.name) in shown))
    listed = shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " and " + shown[-1]
    return Parts(
        [t.say("neighbours", list=listed)],
        more=[lambda: collection, lambda: t.line("neighbours_more")],
        ask="neighbours",
        noticed=found,
    )


def _collection(t: Teller) -> str:
    if t.fact("collection") and t.fact("supply"):
        return t.line("collection") or t.say("collection_plain")
    for key in ("collection", "supply", "token"):
        if t.fact(key):
            return t.say(f"{key}_plain")
    return ""


def proof(t: Teller, found: Sequence[Noticed]) -> Parts:
    proofs = t.scene.proofs
    values = {
        "commit": "" if proofs.commit is None else str(proofs.commit),
        "transaction": quote(proofs.transaction.replace("0x", "", 1), 80) if proofs.transaction else "",
        "document": quote(proofs.document, 80),
        "snapshot": "" if proofs.snapshot is None else str(proofs.snapshot),
        "cid": quote(proofs.cid, 80),
        "state": quote(proofs.state, 24),
    }
    if proofs.transaction.startswith("0x") and values["transaction"]:
        values["transaction"] = "0x" + values["transaction"]
    known = [key for key, value in values.items() if value]
    if not known:
        return Parts([t.say("proof_none")], more=[lambda: t.line("proof_more")], ask="proof", noticed=found)
    said = set(t.words)
    meant = {
        "commit": {"commit", "commits", "committed", "onchain", "chain", "blockchain"},
        "transaction": {"transaction", "tx", "txid", "txhash", "onchain", "chain", "explorer"},
        "document": {"hash", "hashes", "sha256", "document"},
        "snapshot": {"snapshot", "snapshots"},
        "cid": {"cid", "ipfs", "pinned", "content"},
        "state": {"finalized", "state"},
    }
    known.sort(key=lambda key: not said & meant[key])
    count = 1 + min(5, t.manner.statements // 2) if t.manner.band("Rigor") < 5 else 6
    core = [t.say(f"proof_{key}", **{key: values[key]}) for key in known[:count]]
    t.use(*(f"proof:{key}" for key in known[:count]))
    more = (
        [lambda: t.line("proof_more")]
        if values["transaction"]
        else [lambda: t.line("proof_partial"), lambda: t.line("proof_more")]
    )
    return Parts(core, must=min(2, len(core)), more=more, ask="proof", noticed=found)
