import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.consumers.evaluation import ORDER, Report, evaluate
from tests.consumers.samples import document, got, mibera, not_found, seen, seen_contract

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


def verdicts(report: Report, consumer: str) -> set[str]:
    return {row.verdict for row in report.by_consumer()[consumer]}


def test_evaluate_usual_token_nothing_fails_or_warns() -> None:
    report = evaluate(seen())
    assert (report.passed, report.worst) == (True, "info")
    assert {row.rule for row in report.rows if row.verdict == "info"} == {"opensea.image-dimensions", "moralis.resync"}


def test_evaluate_usual_contract_nothing_fails_or_warns() -> None:
    report = evaluate(seen_contract())
    assert report.passed
    assert report.worst == "pass"
    assert verdicts(report, "OpenSea") == {"not-applicable"}
    assert verdicts(report, "ERC-7572") == {"pass"}


def test_evaluate_pack_of_another_platform_its_rules_do_not_apply() -> None:
    assert verdicts(evaluate(seen()), "loa-finn") == {"not-applicable"}
    assert verdicts(evaluate(seen(mibera())), "loa-finn") == {"pass"}


def test_evaluate_consumer_named_applies_to_any_pack() -> None:
    report = evaluate(seen(), ["loa-finn"])
    assert "loa-finn.required-traits" in {row.rule for row in report.failures()}


def test_evaluate_token_that_is_no_agent_registration_is_not_held_to_it() -> None:
    bare = document(services=..., registrations=..., supportedTrust=..., type=...)
    assert verdicts(evaluate(seen(bare)), "ERC-8004") == {"not-applicable"}


def test_evaluate_unreadable_answer_every_token_reader_fails() -> None:
    report = evaluate(not_found())
    for name, rows in report.by_consumer().items():
        expected = "not-applicable" if name in {"loa-finn", "ERC-8004", "ERC-7572"} else "fail"
        assert rows[0].verdict == expected, name
    assert not evaluate(not_found(), ["erc-7572"]).passed


def test_evaluate_named_consumers_only_they_report() -> None:
    assert set(evaluate(seen(), ["Safe", "zora"]).by_consumer()) == {"Safe", "zora"}
    assert evaluate(seen(), []).rows == ()
    assert evaluate(seen(), []).worst == "not-applicable"


def test_report_to_json_is_plain_and_counts_add_up() -> None:
    report = evaluate(got(seen(), elapsed_ms=6_000))
    data = json.loads(json.dumps(report.to_json()))
    assert (data["passed"], data["worst"], data["consumers"]["Freighter"]) == (False, "fail", "fail")
    assert sum(data["counts"].values()) == len(data["rows"]) == len(report.rows)
    assert list(data["counts"]) == list(reversed(ORDER))
    failed = {row["rule"]: row for row in data["rows"] if row["verdict"] == "fail"}
    assert set(failed) == {"freighter.time", "indexers.time"}
    assert all(
        failed["freighter.time"][key] for key in ("consumer", "section", "title", "seen", "why", "fix", "source")
    )


@settings(max_examples=150, deadline=None)
@given(JSON, st.dictionaries(st.sampled_from(sorted(document())), JSON, max_size=6))
def test_evaluate_any_json_never_raises(whole: Any, changes: dict[str, Any]) -> None:
    for content in (whole, {**document(), **changes}):
        body = json.dumps(content).encode("utf-8", "surrogatepass")
        report = evaluate(seen(content if isinstance(content, dict) else {}, body=body))
        assert all(row.seen.isprintable() for row in report.rows)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["trait_type", "value", "display_type", "max_value"]), JSON))
def test_evaluate_any_trait_never_raises(trait: dict[str, Any]) -> None:
    evaluate(seen({**mibera(), "attributes": [trait, *mibera()["attributes"]]}))
