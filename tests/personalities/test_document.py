"""BEAUVOIR.md and the short texts: complete, well-formed, moved by every slot and dial."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from personalities import BAND_WORDS, DIALS, Personality, band, beauvoir, birth, description, introduction, load_pack
from personalities.pack import MAX_DOCUMENT_BYTES, SECTIONS

PACK = load_pack("dixie")
SEED = bytes(range(32))
GOLDEN = (0, 1, 7, 9_999)
TOKENS = [birth(SEED, 1000, token, PACK) for token in range(0, 1000, 25)]


@pytest.mark.parametrize("p", TOKENS, ids=lambda p: p.name)
def test_beauvoir_has_its_shape(p: Personality) -> None:
    text = beauvoir(p, PACK)
    assert text.startswith(f"# {p.name}\n\n## Identity\n\n")
    assert tuple(re.findall(r"^## (.*)$", text, re.M)) == SECTIONS
    assert len(text.encode()) <= MAX_DOCUMENT_BYTES
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert not re.search(r"[{}\r\t]|\(n\)|  |\.\.|,\.| \.| ,|\n\n\n", text)
    assert len(re.findall(rf"^\*\*{p.given}:\*\* .+", text, re.M)) == 4
    assert all(f"- {title}: {value}" in text for title, value in p.signals)
    for dial, value in zip(DIALS, p.dials, strict=True):
        word = BAND_WORDS[dial][band(value)]
        assert f"- {word.capitalize()}. " in text
        assert f"{dial.lower()} {word}" in text


@pytest.mark.parametrize("p", TOKENS, ids=lambda p: p.name)
def test_beauvoir_sentences_begin_with_a_capital(p: Personality) -> None:
    prose = beauvoir(p, PACK).split("## Self-knowledge")[0]
    assert not re.search(r"[.?!] [a-z]", prose)


@pytest.mark.parametrize("p", TOKENS, ids=lambda p: p.name)
def test_short_texts_are_plain_sentences(p: Personality) -> None:
    for text in (description(p, PACK), introduction(p, PACK)):
        assert p.given in text
        assert text[-1] in ".?!”"
        assert not re.search(r"[{}<>*_`\n\[\]]|\(n\)|  ", text)
        assert MarkdownIt().render(text).count("<") == 2
    assert 1 <= len(re.findall(r"[.?!](?:\s|$)", description(p, PACK))) <= 3


def test_beauvoir_is_deterministic_and_personal() -> None:
    assert beauvoir(TOKENS[0], PACK) == beauvoir(TOKENS[0], load_pack("dixie"))
    assert len({beauvoir(p, PACK) for p in TOKENS}) == len(TOKENS)


@pytest.mark.parametrize("slot", range(16))
def test_beauvoir_every_slot_changes_the_text(slot: int) -> None:
    p = TOKENS[3]
    texts = {beauvoir(replace(p, slots=(*p.slots[:slot], option, *p.slots[slot + 1 :])), PACK) for option in range(16)}
    assert len(texts) == 16


@pytest.mark.parametrize("dial", range(16))
def test_beauvoir_every_band_changes_the_text(dial: int) -> None:
    p = TOKENS[4]
    middles = [number * 65536 // 7 + 4681 for number in range(7)]
    texts = {beauvoir(replace(p, dials=(*p.dials[:dial], value, *p.dials[dial + 1 :])), PACK) for value in middles}
    assert len(texts) == 7


def test_beauvoir_answers_the_question_that_was_asked() -> None:
    craft = next(slot for slot in PACK.slots if slot.id == "craft")
    for p in TOKENS:
        option = craft.options[p.slots[PACK.slots.index(craft)]]
        text = beauvoir(p, PACK)
        pairs = zip(option.facets["ask"], option.facets["say"], strict=True)
        assert sum(f"> {ask[0]}" in text and str(say[0]) in text for ask, say in pairs) == 1


def test_description_of_later_dials_changes_band_words_only() -> None:
    for p in TOKENS:
        later = description(replace(p, dials=(0,) * 16), PACK)
        first, second = description(p, PACK).split(), later.split()
        assert sum(a != b for a, b in zip(first, second, strict=True)) <= 4


def test_beauvoir_of_another_pack_is_refused() -> None:
    with pytest.raises(ValueError, match="born of pack"):
        beauvoir(replace(TOKENS[0], pack_hash="0" * 64), PACK)


@pytest.mark.parametrize("token", GOLDEN)
def test_texts_match_the_golden_files(token: int) -> None:
    p = birth(SEED, 10_000, token, PACK)
    assert golden(p) == golden_file(token).read_text(encoding="utf-8")


def golden_file(token: int) -> Path:
    return Path(__file__).parent / "golden" / f"{token}.md"


def golden(p: Personality) -> str:
    """Everything a birth gives, as one text. After a wanted change, write the files anew with
    `python -m tests.personalities.write_golden` and read what differs."""
    facts = [f"token {p.token_id}", f"pack {p.pack} {p.pack_hash}", f"seed {p.seed}", f"slots {p.slots}"]
    texts = [description(p, PACK), introduction(p, PACK), beauvoir(p, PACK)]
    return "\n".join([*facts, f"dials {p.dials}", *texts])
