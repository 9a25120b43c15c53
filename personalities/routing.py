"""Which class of model answers for an agent, by what it is asked and how it is made.

Each task has a usual pool; a pronounced dial moves it, the first rule that fits deciding. A token's own routing comes
before the rules. Whatever was chosen must be in the plan's tier; if not, the next pool down the ladder that is, and the
reason says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from personalities.dials import DIAL_RANGE, DIALS, band, band_word

POOLS = ("architect", "reasoning", "reviewer", "fast-code", "cheap")
"""From the strongest to the cheapest: the ladder of fallbacks."""
TIERS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "free": frozenset({"cheap"}),
        "pro": frozenset({"cheap", "fast-code", "reviewer"}),
        "enterprise": frozenset(POOLS),
    }
)
TASKS = ("chat", "analysis", "architecture", "code", "default")

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "conversation": "chat",
        "creative": "chat",
        "creative_writing": "chat",
        "summarization": "analysis",
        "research": "analysis",
        "system_design": "architecture",
        "planning": "architecture",
        "code_review": "code",
        "code_generation": "code",
        "general": "default",
        "unspecified": "default",
    }
)
"""Names that other systems give to tasks."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The dial's band from `low` to `high` (0..6, both included) sends a task to `pool`."""

    dial: str
    low: int
    high: int
    pool: str


USUAL: Mapping[str, str] = MappingProxyType(
    {
        "chat": "fast-code",
        "analysis": "reasoning",
        "architecture": "architect",
        "code": "fast-code",
        "default": "cheap",
    }
)

RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "chat": (
            Rule("Imagination", 6, 6, "architect"),
            Rule("Rigor", 5, 6, "reasoning"),
            Rule("Imagination", 5, 5, "reviewer"),
            Rule("Candor", 6, 6, "reviewer"),
            Rule("Verbosity", 0, 1, "cheap"),
            Rule("Tempo", 5, 6, "cheap"),
        ),
        "analysis": (
            Rule("Breadth", 6, 6, "architect"),
            Rule("Rigor", 5, 6, "reasoning"),
            Rule("Rigor", 0, 0, "cheap"),
            Rule("Rigor", 1, 1, "fast-code"),
            Rule("Tempo", 5, 6, "reviewer"),
        ),
        "architecture": (
            Rule("Imagination", 5, 6, "architect"),
            Rule("Rigor", 0, 1, "fast-code"),
            Rule("Breadth", 0, 1, "reviewer"),
            Rule("Tempo", 5, 6, "reasoning"),
            Rule("Verbosity", 0, 0, "cheap"),
        ),
        "code": (
            Rule("Rigor", 6, 6, "reasoning"),
            Rule("Rigor", 5, 5, "reviewer"),
            Rule("Imagination", 6, 6, "architect"),
            Rule("Rigor", 0, 0, "cheap"),
        ),
        "default": (
            Rule("Rigor", 6, 6, "reasoning"),
            Rule("Breadth", 6, 6, "architect"),
            Rule("Rigor", 5, 5, "reviewer"),
            Rule("Curiosity", 5, 6, "fast-code"),
            Rule("Verbosity", 5, 6, "fast-code"),
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Routing:
    """`task` is one of `TASKS`, `pool` one of the tier's, `reason` a sentence for people."""

    task: str
    pool: str
    reason: str


@dataclass(frozen=True, slots=True)
class Preferences:
    """How to sample a model for this agent."""

    temperature: int
    """Hundredths, 30..110."""
    max_tokens: int
    """512..2048."""


def task_of(name: str) -> str:
    """The task of that name or alias, in any case and with `-` or `_`, also as `system:name`; else `default`."""
    plain = name.rsplit(":", 1)[-1].strip().lower().replace("-", "_")
    return plain if plain in TASKS else ALIASES.get(plain, "default")


def check_override(override: Mapping[str, str]) -> None:
    """Raise ValueError, naming the first problem, unless it maps tasks to pools. Call it before storing one."""
    for task, pool in override.items():
        if task not in TASKS:
            raise ValueError(f"there is no task {task!r}; tasks are {', '.join(TASKS)}")
        if pool not in POOLS:
            raise ValueError(f"there is no pool {pool!r}; pools are {', '.join(POOLS)}")


def route(task: str, dials: Sequence[int], tier: str, override: Mapping[str, str] | None = None) -> Routing:
    """The pool that answers a task for an agent with these 16 dials (0..65535) under that tier. `override` maps some
    tasks to pools, for this token only. An unknown task is `default`. Raises ValueError for an unknown tier, an
    override that `check_override` refuses, and dials that are not 16 values in range."""
    if tier not in TIERS:
        raise ValueError(f"there is no tier {tier!r}; tiers are {', '.join(TIERS)}")
    _check_dials(dials)
    check_override(override or {})
    task = task_of(task)
    pool, reason = _wanted(task, dials, override or {})
    allowed = next(below for below in POOLS[POOLS.index(pool) :] if below in TIERS[tier])
    if allowed != pool:
        reason += f"; the {tier} plan has no {pool}, so {allowed}"
    return Routing(task, allowed, reason)


def routes(dials: Sequence[int], tier: str, override: Mapping[str, str] | None = None) -> dict[str, Routing]:
    """The routing of every task, in the order of `TASKS`; raises as `route` does."""
    return {task: route(task, dials, tier, override) for task in TASKS}


def preferences(dials: Sequence[int]) -> Preferences:
    """Imagination and playfulness raise the temperature, rigor and steadiness lower it; verbosity gives room to speak.
    Integer arithmetic only. Raises ValueError for dials that are not 16 values in range."""
    _check_dials(dials)
    value = dict(zip(DIALS, dials, strict=True))
    pull = 2 * value["Imagination"] + value["Playfulness"] - 2 * value["Rigor"] - value["Steadiness"]
    most = 3 * (DIAL_RANGE - 1)
    return Preferences(
        temperature=30 + (80 * (pull + most) + most) // (2 * most),
        max_tokens=512 + value["Verbosity"] * 1536 // (DIAL_RANGE - 1),
    )


def _check_dials(dials: Sequence[int]) -> None:
    if len(dials) != len(DIALS):
        raise ValueError(f"there are {len(DIALS)} dials, not {len(dials)}")
    for value in dials:
        band(value)


def _wanted(task: str, dials: Sequence[int], override: Mapping[str, str]) -> tuple[str, str]:
    if task in override:
        return override[task], f"{task} is set to {override[task]} for this token"
    for rule in RULES[task]:
        at = DIALS.index(rule.dial)
        number = band(dials[at])
        if rule.low <= number <= rule.high:
            return rule.pool, f"{rule.dial} {band_word(at, number)} → {rule.pool}"
    return USUAL[task], f"{task} usually goes to {USUAL[task]}"
