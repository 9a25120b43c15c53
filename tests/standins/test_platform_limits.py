"""Rate limits and budgets of the stand-in platform, over real HTTP; hours pass by a clock file."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.standins.platform.budgets import Budgets
from app.standins.platform.limits import TierLimit
from app.standins.platform.refusals import Refusal
from app.standins.platform.tiers import Tier, charged_cents, cost, reserved_cents
from tests.standins.platforms import KEY, body, platform


def community(**fields: Any) -> list[dict[str, Any]]:
    return [{"id": "default", "key": KEY} | fields]


# --- rate limits -----------------------------------------------------------------------------------------------------


def test_address_limit_passes_twenty_at_once_then_has_the_third_shape() -> None:
    with platform(limits=True) as running:
        passed = []
        while (answer := running.get("/api/agents/models", "wrong")).status_code == 401:
            passed.append(int(answer.headers["x-ratelimit-remaining"]))
            assert answer.headers["x-ratelimit-limit"] == "100"
            assert len(passed) < 40
        # a slow machine has got a new one on the way
        assert len(passed) >= 20 and (passed[0], passed[-1]) == (19, 0)
        refused = answer
        assert refused.status_code == 429
        assert refused.json() == {"error": "Too many requests", "retryAfter": 1}
        assert refused.headers["retry-after"] == "1" and refused.headers["x-ratelimit-remaining"] == "0"
        assert running.http.get("/api/agents/health").status_code == 200, "health is not counted"
        time.sleep(0.7)
        assert running.get("/api/agents/models").status_code == 200, "0.6 s bring one more"


@pytest.mark.parametrize(("tier", "burst", "wait"), [("free", 3, 20), ("pro", 5, 12), ("enterprise", 10, 6)])
def test_burst_of_a_user_is_the_tiers(tier: str, burst: int, wait: int) -> None:
    with platform(limits=True, communities=community(tier=tier)) as running:
        answers = [running.invoke(body()) for _ in range(burst + 1)]
        assert [a.status_code for a in answers] == [200] * burst + [429]
        refused = answers[-1]
        assert refused.json() == {"error": "RATE_LIMITED", "message": "Rate limit exceeded."}
        assert refused.headers["x-ratelimit-policy"] == "burst"
        assert refused.headers["x-ratelimit-limit"] == str(burst)
        assert refused.headers["x-ratelimit-remaining"] == "0"
        assert int(refused.headers["retry-after"]) in (wait - 1, wait)
        assert refused.headers.get_list("x-ratelimit-limit") == [str(burst)], "one value, not the address limit's too"
        assert "x-trace-id" in refused.headers and "x-idempotency-key" in refused.headers


@pytest.mark.parametrize(("policy", "most"), [("user", 10), ("channel", 20), ("community", 60)])
def test_window_of_each_kind_refuses_with_its_policy(policy: str, most: int) -> None:
    """Over a clock of our own: a minute is long. One user's bursts would strike first, so that user comes with the
    bursts of a higher tier."""
    now = 0.0
    limit = TierLimit(lambda: now)

    def ask(number: int, tier: Tier) -> None:
        user = "u" if policy == "user" else f"u{number}"
        channel = "c" if policy == "channel" else f"c{number}"
        limit.check(community="co", user=user, channel=channel, tier=tier)

    for number in range(most):
        now = number * 0.01
        ask(number, "enterprise" if policy == "user" else "free")
    with pytest.raises(Refusal) as caught:
        ask(most, "free")
    headers = dict(caught.value.headers)
    assert (headers["X-RateLimit-Policy"], headers["X-RateLimit-Limit"]) == (policy, str(most))
    assert headers["Retry-After"] == "60"
    now = 60.0
    ask(most, "free")


def test_refused_requests_do_not_count() -> None:
    now = 0.0
    limit = TierLimit(lambda: now)
    for _ in range(3):
        limit.check(community="co", user="u", channel="c", tier="free")
    for _ in range(100):
        with pytest.raises(Refusal):
            limit.check(community="co", user="u", channel="c", tier="free")
    now = 20.0
    limit.check(community="co", user="u", channel="c", tier="free")


def test_channel_header_names_the_channel() -> None:
    """Two channels of a key are limited apart; the journal shows the header, the limiter uses it."""
    with platform(limits=True, communities=community(tier="free")) as running:
        for channel in ("one", "two", "three"):
            assert running.invoke(body(), X_Channel_Id=channel).status_code == 200
        assert running.invoke(body(), X_Channel_Id="four").headers["x-ratelimit-policy"] == "burst"


# --- tiers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tier", "allowed"),
    [
        ("free", ["cheap"]),
        ("pro", ["cheap", "fast-code", "reviewer"]),
        ("enterprise", ["cheap", "fast-code", "reviewer", "reasoning", "native"]),
    ],
)
def test_alias_outside_the_tier_gives_403(tier: str, allowed: list[str]) -> None:
    with platform(communities=community(tier=tier, monthly_cents=10_000)) as running:
        assert running.get("/api/agents/models").json() == {"models": allowed}
        for alias in ("cheap", "fast-code", "reviewer", "reasoning", "native", "architect"):
            answer = running.invoke(body(modelAlias=alias))
            assert answer.status_code == (200 if alias in allowed else 403), alias
            if alias not in allowed:
                assert answer.json()["error"] == "MODEL_NOT_ALLOWED"


def test_cost_is_by_the_pool_that_answers() -> None:
    """`native` and no alias are the tier's default pool; the prices are cents per 1,000 tokens."""
    prices = {"cheap": (0.015, 0.06), "fast-code": (0.08, 0.24), "reviewer": (0.15, 0.6), "reasoning": (1.5, 6.0)}
    with platform(communities=community(monthly_cents=10_000)) as running:
        for alias, pool in ((None, "reviewer"), ("native", "reviewer"), *((name, name) for name in prices)):
            usage = running.invoke(body("x" * 4000, **({} if alias is None else {"modelAlias": alias}))).json()["usage"]
            cents_in, cents_out = prices[pool]
            expected = (usage["promptTokens"] * cents_in + usage["completionTokens"] * cents_out) / 1000 / 100
            assert usage["costUsd"] == pytest.approx(expected, rel=1e-9), alias


def test_reservation_and_charge_round_as_the_platform_does() -> None:
    assert reserved_cents("cheap", 1, "invoke", tools=False) == 1
    assert reserved_cents("reasoning", 1000, "invoke", tools=False) == 8  # 1.5 + 6, up
    assert reserved_cents("reasoning", 1000, "stream", tools=False) == 14  # 1.5 + 12, up
    assert reserved_cents("reasoning", 1000, "stream", tools=True) == 28
    assert charged_cents(cost("cheap", 8000, 6000)) == 0  # 0.48 cents
    assert charged_cents(cost("reasoning", 0, 250)) == 2  # 1.5 cents, half up


# --- budgets ---------------------------------------------------------------------------------------------------------


def test_budget_in_use_shows_reservations_and_warns() -> None:
    with platform(communities=community(monthly_cents=15), piece_ms=60) as running:
        assert running.budget() == {
            "communityId": "default",
            "monthlyLimitCents": 15,
            "currentSpendCents": 0,
            "remainingCents": 15,
            "percentUsed": 0,
            "warningThresholdReached": False,
        }
        ask = body("x" * 400, modelAlias="reasoning")  # 0.15 + 12 cents, up
        with running.http.stream("POST", "/api/agents/stream", json=ask, headers=running.headers()) as answer:
            chunks = answer.iter_raw()
            next(chunks)
            during = running.budget()
            assert b"event: done" in b"".join(chunks)
        assert during["currentSpendCents"] == 13 and during["remainingCents"] == 2
        assert during["percentUsed"] == 87 and during["warningThresholdReached"] is True
        # 100 tokens in and 30 out are 0.33 cents: charged as nothing
        assert running.budget()["currentSpendCents"] == 0


def test_budget_that_would_be_passed_gives_402_and_none_is_none() -> None:
    with platform(communities=community(monthly_cents=6)) as running:
        refused = running.invoke(body(modelAlias="reasoning"))
        assert refused.status_code == 402
        assert refused.json()["error"] == "BUDGET_EXCEEDED"
        assert running.invoke(body(modelAlias="cheap")).status_code == 200
    with platform(communities=community(monthly_cents=0)) as running:
        assert running.invoke(body(modelAlias="cheap")).status_code == 402
        assert running.budget()["percentUsed"] == 0


def test_budget_is_charged_once_for_a_key_asked_twice() -> None:
    with platform(communities=community(monthly_cents=1000)) as running:
        ask = body("x" * 32_000, modelAlias="reasoning")  # 8,000 tokens: 12 cents and 0.18
        first = running.invoke(ask, X_Idempotency_Key="same")
        assert running.budget()["currentSpendCents"] == 12
        second = running.invoke(ask, X_Idempotency_Key="same")
        assert first.json() == second.json()
        assert running.budget()["currentSpendCents"] == 12
        running.invoke(ask, X_Idempotency_Key="another")
        assert running.budget()["currentSpendCents"] == 24


def test_budget_after_an_outage_keeps_the_reservation_until_it_lapses(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("0")
    closed_port = "http://127.0.0.1:9/v1"
    with platform(communities=community(), model_url=closed_port, model="m", clock=str(clock)) as running:
        answer = running.invoke(body(modelAlias="cheap"))
        assert (answer.status_code, answer.json()["error"]) == (503, "UPSTREAM_ERROR")
        assert running.budget()["currentSpendCents"] == 1
        clock.write_text("301")
        assert running.budget()["currentSpendCents"] == 0
        assert running.http.get("/api/agents/health").json()["loaFinn"]["healthy"] is False


def clocked(start: float) -> tuple[Budgets, Callable[[float], None]]:
    now = start

    def go(to: float) -> None:
        nonlocal now
        now = to

    return Budgets({"c": 100}, lambda: now), go


def test_finalize_tells_first_late_and_repeated_apart() -> None:
    budgets, go = clocked(1_700_000_000)
    account = ("c", "u", "k")
    budgets.reserve(account, 40)
    budgets.reserve(account, 99)
    assert budgets.status("c")["currentSpendCents"] == 40, "a key keeps its reservation"
    assert budgets.finalize(account, 7) == "FINALIZED"
    assert budgets.finalize(account, 7) == "ALREADY_FINALIZED"
    budgets.reserve(("c", "u", "late"), 10)
    go(1_700_000_301)
    assert budgets.finalize(("c", "u", "late"), 3) == "LATE_FINALIZE"
    assert budgets.status("c")["currentSpendCents"] == 10
    go(1_700_000_000 + 24 * 3600 + 1)
    assert budgets.finalize(account, 7) == "LATE_FINALIZE", "after a day the mark is gone"


def test_budget_in_a_new_month_is_whole_again() -> None:
    budgets, go = clocked(1_700_000_000)
    budgets.reserve(("c", "u", "k"), 100)
    budgets.finalize(("c", "u", "k"), 100)
    with pytest.raises(Refusal):
        budgets.reserve(("c", "u", "l"), 1)
    go(1_700_000_000 + 31 * 24 * 3600)
    budgets.reserve(("c", "u", "l"), 100)
    assert budgets.status("unknown")["remainingCents"] == 0
