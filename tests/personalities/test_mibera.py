"""The mibera pack: what the platform's reader asks for, in its casing, and signals that agree with one another."""

from collections import Counter

import pytest

from app.consumers.preflight import preflight
from personalities import (
    DIALS,
    Personality,
    band_word,
    bands,
    beauvoir,
    birth,
    description,
    introduction,
    load_pack,
    violations,
)
from renderers import render
from renderers.document import Place, Sources, token_document
from renderers.model import State, Subject

PACK = load_pack("mibera")
SEED = bytes(range(32))
SUPPLY = 2_000
TOKENS = [birth(SEED, SUPPLY, token, PACK) for token in range(SUPPLY)]
ZODIAC = {option.label for signal in PACK.signals if signal.id == "sun_sign" for option in signal.options}
SUITS = {"Wands": "fire", "Cups": "water", "Swords": "air", "Pentacles": "earth"}
ERAS = {"contemporary": 1950, "modern": 1800, "early_modern": 1500, "medieval": 500, "ancient": -13_000}
FIRST_DAYS = {
    "aries": (3, 21), "taurus": (4, 20), "gemini": (5, 21), "cancer": (6, 21), "leo": (7, 23), "virgo": (8, 23),
    "libra": (9, 23), "scorpio": (10, 23), "sagittarius": (11, 22), "capricorn": (12, 22), "aquarius": (1, 20),
    "pisces": (2, 19),
}  # fmt: skip
RANKS = {"SSS": 99, "SS": 95, "S": 87, "A": 72, "B": 52, "C": 32, "D": 13, "F": 1}
ORIGIN, CONTRACT, CID = "https://agents.example.test", "0x6666397dfe9a8c469BF65dc744CB1C733416c420", "b" + "a" * 58


def published(p: Personality) -> dict[str, object]:
    subject = Subject("eip155:1/erc721:x/1", p.name, p.signals, p.slots, p.seed, p.pack)
    return token_document(
        subject=subject,
        state=State(1, bands(p.dials), "Newborn", 1),
        description=description(p, PACK),
        band_words=tuple(band_word(at, number) for at, number in enumerate(bands(p.dials))),
        place=Place(ORIGIN, 80094, CONTRACT, p.token_id),
        sources=Sources(CID, CID, "0" * 64, 1, "r0", "2026-11-20"),
    )


def test_signals_are_those_the_reader_asks_for() -> None:
    assert [title for title, _ in TOKENS[0].signals] == [
        "Archetype", "Ancestor", "Birthday", "Era", "Molecule", "Tarot", "Element",
        "Swag Score", "Swag Rank", "Sun Sign", "Moon Sign", "Ascending Sign",
    ]  # fmt: skip
    assert [len(signal.options) for signal in PACK.signals] == [4, 33, 0, 5, 78, 78, 4, 0, 8, 12, 12, 12]
    archetypes = {option.label for option in PACK.signals[0].options}
    assert archetypes == {"freetekno", "milady", "chicago_detroit", "acidhouse"}


def test_era_follows_from_the_birthday() -> None:
    for p in TOKENS:
        birthday = str(p.signal("Birthday"))
        year, month, day = birthday[0] + birthday[1:].split("-")[0], *birthday[1:].split("-")[1:]
        assert 1 <= int(month) <= 12 and 1 <= int(day) <= 31 and int(year) != 0
        expected = next(era for era, first in ERAS.items() if int(year) >= first)
        assert p.signal("Era") == expected, birthday


def test_sun_sign_follows_from_the_birthday() -> None:
    for p in TOKENS:
        month, day = (int(part) for part in str(p.signal("Birthday")).split("-")[-2:])
        begun = {sign: first for sign, first in FIRST_DAYS.items() if first <= (month, day)}
        expected = max(begun, key=lambda sign: begun[sign]) if begun else "capricorn"
        assert p.signal("Sun Sign") == expected, p.signal("Birthday")


def test_tarot_and_element_follow_from_the_molecule() -> None:
    pairs = {(p.signal("Molecule"), p.signal("Tarot")) for p in TOKENS}
    assert len(pairs) == len({molecule for molecule, _ in pairs}) == len({card for _, card in pairs}) == 78
    for p in TOKENS:
        suit = str(p.signal("Tarot")).rsplit(" of ", 1)[-1]
        assert p.signal("Element") == SUITS.get(suit, p.signal("Element"))
        assert p.signal("Element") in SUITS.values()


def test_swag_rank_follows_from_the_score_and_is_dealt_exactly() -> None:
    for p in TOKENS:
        score = p.signal("Swag Score")
        assert isinstance(score, int) and 1 <= score <= 100
        assert p.signal("Swag Rank") == next(rank for rank, least in RANKS.items() if score >= least)
    shares = {"SSS": 1, "SS": 3, "S": 8, "A": 16, "B": 22, "C": 24, "D": 18, "F": 8}
    assert Counter(p.signal("Swag Rank") for p in TOKENS) == {rank: 20 * share for rank, share in shares.items()}


def test_signs_are_lower_case_zodiac() -> None:
    assert len(ZODIAC) == 12 and all(sign.islower() for sign in ZODIAC)
    for title in ("Sun Sign", "Moon Sign", "Ascending Sign"):
        assert {p.signal(title) for p in TOKENS} == ZODIAC


@pytest.mark.parametrize("token", [0, 7, 999])
def test_published_document_satisfies_the_reader_and_every_other_consumer(token: int) -> None:
    p = TOKENS[token]
    document = published(p)
    attributes = document["attributes"]
    assert isinstance(attributes, list) and len(attributes) == 30
    by_name = {each["trait_type"]: each for each in attributes}
    score = {"trait_type": "Swag Score", "display_type": "number", "value": p.signal("Swag Score")}
    assert by_name["Swag Score"] == score
    assert by_name["Birthday"] == {"trait_type": "Birthday", "value": p.signal("Birthday")}
    assert set(DIALS) <= set(by_name)
    subject = Subject("eip155:1/erc721:x/1", p.name, p.signals, p.slots, p.seed, p.pack)
    media = render(subject, State(1, bands(p.dials), "Newborn", 1), beauvoir(p, PACK).encode())
    report = preflight(
        document,
        url=f"{ORIGIN}/80094/{CONTRACT.lower()}/{token}",
        image_url=f"{ORIGIN}/ipfs/{CID}/image.png",
        image_type="image/png",
        image=media["image.png"],
        animation_url=f"{ORIGIN}/ipfs/{CID}/animation.html",
        animation=media["animation.html"],
        gateway=ORIGIN,
    )
    assert report.failures() == ()
    reader = report.by_consumer()["loa-finn"]
    assert len(reader) >= 9 and {row.verdict for row in reader} == {"pass"}


def test_short_texts_obey_and_name_the_agent() -> None:
    for p in TOKENS[:300]:
        for text in (description(p, PACK), introduction(p, PACK)):
            assert p.given in text
            assert violations(text, PACK, p) == []


def test_no_text_names_molecule_card_or_sign() -> None:
    for p in TOKENS[:200]:
        spoken = beauvoir(p, PACK).split("## Self-knowledge")[0].lower()
        words = set(spoken.replace(".", " ").replace(",", " ").split())
        assert str(p.signal("Molecule")) not in words
        assert not words & (ZODIAC - {"cancer"})
        card = str(p.signal("Tarot")).lower()
        assert "tarot" not in words
        if " of " in card:  # others, such as Strength or The World, are words that anybody may use
            assert card not in spoken


@pytest.mark.full
def test_mibera_ten_thousand_tokens_keep_every_promise() -> None:
    tokens = [birth(SEED, 10_000, token, PACK) for token in range(10_000)]
    assert len({p.name for p in tokens}) == 10_000
    assert len({bands(p.dials) for p in tokens}) >= 9_900
    for p in tokens:
        for text in (description(p, PACK), introduction(p, PACK)):
            assert violations(text, PACK, p) == []
