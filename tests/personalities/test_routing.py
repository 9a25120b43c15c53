"""Routing: every band of every dial goes to a pool its tier has, for a reason in words."""

from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalities import BAND_WORDS, DIALS, birth, load_pack
from personalities.routing import (
    ALIASES,
    POOLS,
    RULES,
    TASKS,
    TIERS,
    USUAL,
    check_override,
    preferences,
    route,
    routes,
    task_of,
)

EVEN = [32_768] * 16
dials = st.lists(st.integers(0, 65_535), min_size=16, max_size=16)
overrides = st.dictionaries(st.sampled_from(TASKS), st.sampled_from(POOLS))


def with_band(dial: str, number: int) -> list[int]:
    values = list(EVEN)
    values[DIALS.index(dial)] = number * 65_536 // 7 + 4_681
    return values


@pytest.mark.parametrize(("task", "dial", "number"), list(product(TASKS, DIALS, range(7))))
def test_route_one_pronounced_dial_follows_the_table(task: str, dial: str, number: int) -> None:
    chosen = route(task, with_band(dial, number), "enterprise")
    rule = next((rule for rule in RULES[task] if rule.dial == dial and rule.low <= number <= rule.high), None)
    assert chosen.task == task
    assert chosen.pool == (rule.pool if rule else USUAL[task])
    if rule:
        assert chosen.reason == f"{dial} {BAND_WORDS[dial][number]} → {rule.pool}"
    else:
        assert chosen.reason == f"{task} usually goes to {USUAL[task]}"


@given(st.sampled_from(TASKS), dials, st.sampled_from(sorted(TIERS)), overrides)
def test_route_never_leaves_the_tier(task: str, values: list[int], tier: str, override: dict[str, str]) -> None:
    chosen = route(task, values, tier, override)
    wanted = route(task, values, "enterprise", override)
    assert chosen.pool in TIERS[tier]
    assert chosen.reason.startswith(wanted.reason)
    assert (chosen.pool == wanted.pool) == (wanted.pool in TIERS[tier])
    if chosen.pool != wanted.pool:
        between = POOLS[POOLS.index(wanted.pool) : POOLS.index(chosen.pool)]
        assert not set(between) & TIERS[tier]
        assert chosen.reason.endswith(f"; the {tier} plan has no {wanted.pool}, so {chosen.pool}")


@given(dials, overrides)
def test_route_override_comes_first(values: list[int], override: dict[str, str]) -> None:
    found = routes(values, "enterprise", override)
    assert tuple(found) == TASKS
    for task, pool in override.items():
        assert found[task].pool == pool
        assert found[task].reason == f"{task} is set to {pool} for this token"
    assert {task: found[task] for task in TASKS if task not in override} == {
        task: each for task, each in routes(values, "enterprise").items() if task not in override
    }


def test_route_reason_reads_as_a_sentence() -> None:
    exacting = with_band("Rigor", 5)
    assert (
        route("analysis", exacting, "pro").reason
        == "Rigor exacting → reasoning; the pro plan has no reasoning, so reviewer"
    )
    assert route("analysis", exacting, "pro").pool == "reviewer"
    assert route("analysis", exacting, "free").pool == "cheap"
    assert route("code", EVEN, "pro").pool == "fast-code"


@pytest.mark.parametrize(
    ("name", "task"),
    [
        *((task, task) for task in TASKS),
        *ALIASES.items(),
        ("finn:conversation", "chat"),
        ("Code-Review", "code"),
        (" ARCHITECTURE ", "architecture"),
        ("juggling", "default"),
        ("", "default"),
        ("a:b:\0", "default"),
    ],
)
def test_route_any_name_has_a_task(name: str, task: str) -> None:
    assert task_of(name) == task
    assert route(name, EVEN, "enterprise").task == task


def test_rules_are_over_known_names_and_bands_and_none_is_hidden_by_those_before() -> None:
    assert set(RULES) == set(USUAL) == set(TASKS)
    assert set(ALIASES.values()) == set(TASKS)
    for rules in RULES.values():
        taken: set[tuple[str, int]] = set()
        for rule in rules:
            own = {(rule.dial, number) for number in range(rule.low, rule.high + 1)}
            assert rule.dial in DIALS
            assert rule.pool in POOLS
            assert own
            assert not own & taken
            taken |= own


@pytest.mark.parametrize("task", TASKS)
def test_rules_every_task_can_reach_every_pool(task: str) -> None:
    assert {USUAL[task], *(rule.pool for rule in RULES[task])} == set(POOLS)


def test_routes_real_births_use_every_pool() -> None:
    pack = load_pack("dixie")
    agents = [birth(bytes(32), 300, token, pack) for token in range(300)]
    seen = {(task, each.pool) for p in agents for task, each in routes(p.dials, "enterprise").items()}
    assert {pool for _, pool in seen} == set(POOLS)
    assert all(len({pool for of, pool in seen if of == task}) >= 3 for task in TASKS)


@pytest.mark.parametrize(
    ("values", "tier", "override", "problem"),
    [
        (EVEN, "gold", {}, "no tier 'gold'"),
        (EVEN[1:], "free", {}, "16 dials"),
        ([*EVEN[1:], 65_536], "free", {}, "a dial is"),
        (EVEN, "free", {"chat": "native"}, "no pool 'native'"),
        (EVEN, "free", {"juggling": "cheap"}, "no task 'juggling'"),
    ],
)
def test_route_impossible_arguments_are_refused(
    values: Sequence[int], tier: str, override: dict[str, str], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        route("chat", values, tier, override)


def test_check_override_good_one_passes() -> None:
    check_override({})
    check_override(dict(zip(TASKS, POOLS, strict=True)))


@given(dials)
def test_preferences_stay_in_range(values: list[int]) -> None:
    found = preferences(values)
    assert isinstance(found.temperature, int)
    assert 30 <= found.temperature <= 110
    assert 512 <= found.max_tokens <= 2048


def test_preferences_extremes_and_middle() -> None:
    wild = dict.fromkeys(DIALS, 32_768) | {"Imagination": 65_535, "Playfulness": 65_535, "Rigor": 0, "Steadiness": 0}
    exact = dict.fromkeys(DIALS, 32_768) | {"Imagination": 0, "Playfulness": 0, "Rigor": 65_535, "Steadiness": 65_535}
    assert preferences(list(wild.values())).temperature == 110
    assert preferences(list(exact.values())).temperature == 30
    assert preferences(EVEN).temperature == 70
    assert preferences(with_band("Verbosity", 0)).max_tokens < preferences(with_band("Verbosity", 6)).max_tokens
    assert preferences([0] * 16).max_tokens == 512
    assert preferences([65_535] * 16).max_tokens == 2048


@given(dials, st.integers(0, 15), st.integers(0, 65_535))
def test_preferences_move_the_way_the_dials_do(values: list[int], at: int, other: int) -> None:
    low, high = sorted((values[at], other))
    lower, higher = ([*values[:at], value, *values[at + 1 :]] for value in (low, high))
    change = preferences(higher).temperature - preferences(lower).temperature
    if DIALS[at] in ("Imagination", "Playfulness"):
        assert change >= 0
    elif DIALS[at] in ("Rigor", "Steadiness"):
        assert change <= 0
    else:
        assert change == 0


@pytest.mark.parametrize("values", [[0] * 15, [*[0] * 15, 65_536]])
def test_preferences_impossible_dials_are_refused(values: list[int]) -> None:
    with pytest.raises(ValueError, match="dial"):
        preferences(values)
