"""Every rule is kept by something good and broken by something bad, and means what it says."""

import re

import pytest

from app.consumers.evaluation import Row, evaluate
from app.consumers.observation import Observation
from app.consumers.registry import CHECKS, SHOWN
from app.consumers.rules import Rule, consumers
from tests.consumers.cases import BAD, GOOD
from tests.consumers.samples import seen

RULES = {rule.id: rule for consumer in consumers() for rule in consumer.rules}
SECTIONS = {f"A{n}" for n in range(1, 9)} | {f"B{n}" for n in range(9, 14)} | {f"C{n}" for n in range(14, 19)}


def judged(rule: Rule, observation: Observation) -> Row:
    slug = rule.id.partition(".")[0]
    return next(row for row in evaluate(observation, [slug]).rows if row.rule == rule.id)


def test_cases_name_exactly_the_rules() -> None:
    assert set(BAD) == set(RULES)
    assert set(GOOD) <= set(RULES)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_rule_good_observation_passes(rule: Rule) -> None:
    row = judged(rule, GOOD.get(rule.id, seen)())
    assert (row.verdict, row.seen != "") == ("pass", True), row.seen


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_rule_bad_observation_gives_its_severity(rule: Rule) -> None:
    row = judged(rule, BAD[rule.id]())
    assert row.verdict == rule.severity, row.seen
    assert 0 < len(row.seen) <= 2 * SHOWN
    assert row.seen.isprintable()


def test_rules_cover_every_section_of_the_facts() -> None:
    assert {rule.section for rule in RULES.values()} >= SECTIONS


def test_every_check_is_used() -> None:
    used = {rule.call.check for rule in RULES.values()}
    used |= {call.check for rule in RULES.values() if (call := rule.applies_when)}
    used |= {call.check for consumer in consumers() if (call := consumer.applies_when)}
    assert used == set(CHECKS)


def test_every_consumer_first_demands_a_readable_document() -> None:
    assert [consumer.rules[0].id for consumer in consumers()] == [f"{one.slug}.readable" for one in consumers()]


def test_rule_texts_are_sentences_and_short() -> None:
    for rule in RULES.values():
        assert not rule.title.endswith("."), rule.id
        assert len(rule.title) <= 120, rule.id
        for text in (rule.why, rule.fix):
            assert re.fullmatch(r"\S.*\.", text), rule.id
            assert len(text) <= 200, rule.id
