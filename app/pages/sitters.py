"""What the templates show of tokens, worked out from stored rows."""

import json
from dataclasses import dataclass
from typing import Any

from app.db.tables import Collection, Snapshot, Token
from app.pages import tint
from app.services.reading import TokenView
from personalities import DIALS, exchanges, refusals, section
from personalities.voice.person import first_person
from renderers import State, Subject, alt_text

_NOT_SIGNALS = {*DIALS, "Stage", "Level"}
_MIDDLE = 3


@dataclass(frozen=True, slots=True)
class Card:
    """A token in a row of others."""

    key: str
    """Unique on a page, for style rules: digits, letters and hyphens only."""
    token_id: int
    name: str
    href: str
    media: str
    """URL path of its media directory."""
    kind: str
    """Its first two birth signals, as one line."""
    alt: str
    ground: tint.Rgb
    owner: str | None


def card(collection: Collection, token: Token, snapshot: Snapshot) -> Card:
    document: dict[str, Any] = json.loads(snapshot.hosted)
    signals = [str(each["value"]) for each in document["attributes"] if each["trait_type"] not in _NOT_SIGNALS]
    words = {each["trait_type"]: str(each["value"]) for each in document["attributes"]}
    name = str(document["name"])  # as published: the row may be ahead of what readers see
    told = ", ".join(words[dial] for dial in _pronounced(snapshot.bands)[:3] if dial in words)
    return Card(
        key=f"t{collection.id}-{token.token_id}",
        token_id=token.token_id,
        name=name,
        href=f"/agents/{collection.chain_id}/{collection.contract}/{token.token_id}",
        media=f"/ipfs/{snapshot.media_cid}",
        kind=", ".join(signals[:2]),
        alt=f"Portrait of {name}" + (f": {told}" if told else ""),
        ground=tint.parse(document.get("background_color")),
        owner=token.owner,
    )


@dataclass(frozen=True, slots=True)
class Dial:
    name: str
    band: int
    """0 to 6."""
    word: str
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Sitter:
    """A token on its own page."""

    card: Card
    given: str
    signals: list[tuple[str, str]]
    quote: str
    """What it says of itself; empty before the reveal."""
    description: str
    expertise: str
    """What it knows, as it would say it itself."""
    exchanges: list[tuple[str, str]]
    """Two example talks: (visitor, answer)."""
    refusals: list[str]
    """Three things it does not do."""
    alt: str
    dials: list[Dial]
    stage: str
    level: int


def sitter(view: TokenView, ends: dict[str, tuple[str, str]]) -> Sitter:
    """`ends` gives the lowest and highest word of each dial."""
    document, born = view.document, view.personality
    snapshot = view.snapshot
    name = str(document["name"])
    # The words of the published document, because that is what is pinned; a later version may choose others.
    published = {each["trait_type"]: str(each["value"]) for each in document["attributes"]}
    dials = [Dial(name, band, published.get(name, word), *ends.get(name, ("", ""))) for name, band, word in view.dials]
    alt = f"{name}: a closed door with light behind it; nobody has been born here yet."
    if born is not None:
        subject = Subject(str(view.agent), name, born.signals, born.slots, born.seed, born.pack)
        alt = alt_text(subject, State(snapshot.n, tuple(dial.band for dial in dials), snapshot.stage, snapshot.level))
    return Sitter(
        card=card(view.collection, view.token, snapshot),
        given=name.split(" ")[0] if born is not None else name,
        signals=[(title, str(value)) for title, value in born.signals] if born is not None else [],
        quote=view.birth.introduction if view.birth is not None else "",
        description=str(document["description"]),
        expertise=first_person(section(view.version.document, "Expertise").partition("\n\n")[0]),
        exchanges=exchanges(view.version.document)[:2],
        refusals=refusals(view.version.document)[:3],
        alt=alt,
        dials=dials,
        stage=snapshot.stage,
        level=snapshot.level,
    )


def changes(newer: Snapshot, older: Snapshot, words: dict[str, tuple[str, ...]]) -> list[tuple[str, str, str]]:
    """(what, before, after) between two snapshots of a token. After the reveal everything is new: nothing is listed."""
    if not older.bands:
        return []
    found = [
        (dial, words[dial][int(before)], words[dial][int(after)])
        for dial, before, after in zip(DIALS, older.bands, newer.bands, strict=True)
        if before != after
    ]
    if older.document != newer.document:
        found.append(("Text", f"version {older.document}", f"version {newer.document}"))
    if older.stage != newer.stage:
        found.append(("Stage", older.stage, newer.stage))
    if older.level != newer.level:
        found.append(("Level", str(older.level), str(newer.level)))
    return found


def _pronounced(bands: str) -> list[str]:
    """The dials away from the middle, furthest first."""
    distance = {dial: abs(int(band) - _MIDDLE) for dial, band in zip(DIALS, bands, strict=False)}
    return sorted((dial for dial in distance if distance[dial]), key=lambda dial: -distance[dial])
