"""Holds an observation against the rules of consumers."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from app.consumers.observation import Observation
from app.consumers.rules import Call, Consumer, Rule, chosen

Verdict = Literal["not-applicable", "pass", "info", "warn", "fail"]
ORDER: tuple[Verdict, ...] = ("not-applicable", "pass", "info", "warn", "fail")
"""From best to worst. `info` is a rule of severity info that is not met: worth knowing, nothing to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One rule of one consumer, and how the observation measures up."""

    consumer: str
    rule: str
    section: str
    verdict: Verdict
    title: str
    """What the rule demands."""
    seen: str
    why: str
    fix: str
    source: str

    def to_json(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Report:
    url: str
    rows: tuple[Row, ...]

    @property
    def worst(self) -> Verdict:
        return max((row.verdict for row in self.rows), key=ORDER.index, default="not-applicable")

    @property
    def passed(self) -> bool:
        """No rule fails; warnings are allowed."""
        return self.worst != "fail"

    def failures(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.verdict == "fail")

    def counts(self) -> dict[Verdict, int]:
        found = Counter(row.verdict for row in self.rows)
        return {verdict: found[verdict] for verdict in reversed(ORDER)}

    def by_consumer(self) -> dict[str, tuple[Row, ...]]:
        grouped: dict[str, tuple[Row, ...]] = {}
        for row in self.rows:
            grouped[row.consumer] = (*grouped.get(row.consumer, ()), row)
        return grouped

    def to_json(self) -> dict[str, Any]:
        """Plain data: url, passed, worst, counts by verdict, consumers → their worst verdict, rows."""
        return {
            "url": self.url,
            "passed": self.passed,
            "worst": self.worst,
            "counts": self.counts(),
            "consumers": {name: Report(self.url, rows).worst for name, rows in self.by_consumer().items()},
            "rows": [row.to_json() for row in self.rows],
        }


def evaluate(
    observation: Observation, consumers: Iterable[str] | None = None, *, among: Iterable[Consumer] | None = None
) -> Report:
    """Every rule of every consumer, or of those named by slug or name (any case).

    A consumer that is named applies even where its own `applies_when` says it would not read such a document: who asks
    wants to know. `among` replaces the packaged consumers. Raises UnknownConsumer.
    """
    explicit = consumers is not None
    return Report(
        url=observation.url,
        rows=tuple(
            _row(consumer, rule, observation, explicit)
            for consumer in chosen(consumers, among)
            for rule in consumer.rules
        ),
    )


def _row(consumer: Consumer, rule: Rule, observation: Observation, explicit: bool) -> Row:
    conditions = [rule.applies_when] if explicit else [consumer.applies_when, rule.applies_when]
    # What could not be read may have been anything: token readers judge it, others when they are asked for.
    kind = observation.kind or ("token" if "token" in consumer.reads or not explicit else consumer.reads[0])
    if kind in consumer.reads:
        verdict, seen = _judge(rule, conditions, observation)
    else:
        verdict, seen = "not-applicable", f"does not read {kind} documents"
    return Row(
        consumer=consumer.name,
        rule=rule.id,
        section=rule.section,
        verdict=verdict,
        title=rule.title,
        seen=seen,
        why=rule.why,
        fix=rule.fix,
        source=rule.source,
    )


def _judge(rule: Rule, conditions: Iterable[Call | None], observation: Observation) -> tuple[Verdict, str]:
    for condition in conditions:
        if condition is not None and not (finding := condition(observation)).ok:
            return "not-applicable", f"does not apply: {finding.seen}"
    finding = rule.call(observation)
    if finding.ok is None:
        return "not-applicable", finding.seen
    return ("pass" if finding.ok else rule.severity), finding.seen
