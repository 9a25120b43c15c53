"""Rule files are refused with every problem named."""

import pytest

from app.consumers.rules import InvalidRules, UnknownConsumer, chosen, consumers, load

HEAD = 'name = "Reader"\nabout = "Reads."\nreads = ["token"]\n'
RULE = """
[[rules]]
id = "reader.size"
section = "A2"
severity = "fail"
check = "size"
with = { target = "json", most = 10 }
title = "Small"
why = "Because."
fix = "Shrink it."
source = "[R] file.py:1; [M] run"
"""


def problems(text: str, file: str = "reader.toml") -> tuple[str, ...]:
    with pytest.raises(InvalidRules) as caught:
        load({file: text})
    return caught.value.problems


def test_load_good_file_gives_consumer() -> None:
    (consumer,) = load({"reader.toml": HEAD + RULE})
    assert (consumer.slug, consumer.name, consumer.reads) == ("reader", "Reader", ("token",))
    assert dict(consumer.rules[0].call.parameters) == {"target": "json", "most": 10}


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('section = "A2"', 'section = "Z9"', "section Z9 is not one of"),
        ('severity = "fail"', 'severity = "fatal"', "severity fatal is not fail, warn or info"),
        ('check = "size"', 'check = "sise"', "there is no check sise"),
        ('target = "json"', 'target = "jsn"', "target of check size must be one of json, image, animation"),
        ("most = 10", 'most = "10"', "most of check size must be of type int"),
        ("most = 10", "most = true", "most of check size must be of type int"),
        (", most = 10", "", "check size needs most"),
        ("most = 10", "most = 10, least = 1", "check size takes no least"),
        ('id = "reader.size"', 'id = "other.size"', "the id is not reader.some-words"),
        ('id = "reader.size"', 'id = "reader.Size"', "the id is not reader.some-words"),
        ('why = "Because."', "", "why is missing or not a text"),
        ('why = "Because."', 'why = "Because."\nnote = "x"', "note is not known"),
        ('fix = "Shrink it."', 'fix = ""', "fix is missing or not a text"),
        ('source = "[R] file.py:1; [M] run"', 'source = "somebody said"', "source is not like"),
        ("with = {", 'applies_when = { names = ["a"] }\nwith = {', "applies_when names no check"),
        ("with = {", 'applies_when = { check = "pack", names = [] }\nwith = {', "must be a list that is not empty"),
        ('reads = ["token"]', 'reads = ["picture"]', "reads is not a list of token, contract"),
        ('about = "Reads."', "", "about is missing or not a text"),
        ('name = "Reader"', 'name = "Reader"\nurl = "x"', "url is not known"),
        ('name = "Reader"', "name = ", "not TOML"),
        (RULE, "", "has no [[rules]]"),
        (RULE, RULE + RULE, "two rules are called reader.size"),
    ],
)
def test_load_wrong_file_names_the_problem(old: str, new: str, problem: str) -> None:
    text = HEAD + RULE
    assert old in text
    found = problems(text.replace(old, new))
    assert any(problem in one for one in found), found


def test_load_bad_file_name_is_refused() -> None:
    assert any("lower-case words" in one for one in problems(HEAD + RULE, "Reader One.toml"))


def test_load_several_problems_are_all_told() -> None:
    text = HEAD + RULE.replace('"A2"', '"Z"').replace('"fail"', '"x"').replace('check = "size"', 'check = "y"')
    assert len(problems(text)) == 3


def test_chosen_by_slug_or_name_in_any_case() -> None:
    assert [one.slug for one in chosen(["SAFE", "browser wallets"])] == ["browsers", "safe"]
    assert chosen(None) == consumers()


def test_chosen_unknown_name_is_told_with_the_known_ones() -> None:
    with pytest.raises(UnknownConsumer, match="nobody") as caught:
        chosen(["safe", "nobody"])
    assert "opensea" in caught.value.hint


def test_packaged_consumers_are_those_people_ask_for() -> None:
    named = {
        "opensea", "reservoir", "metamask", "safe", "alchemy", "blockscout", "hiro", "zora", "freighter", "ens-avatar",
        "rainbow", "moralis", "loa-finn", "erc-721", "erc-7572", "erc-8004", "browsers",
    }  # fmt: skip
    assert named <= {one.slug for one in consumers()}
