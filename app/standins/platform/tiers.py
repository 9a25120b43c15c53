"""What each access tier may do and what each pool costs: the platform's own tables.

Prices are integers, thousandths of a cent per 1,000 tokens; a token times a price is then 10^-8 dollars, and no
float is needed before the answer is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

Tier = Literal["free", "pro", "enterprise"]
TIERS: Final[tuple[Tier, ...]] = get_args(Tier)
"""From the lowest to the highest."""

ALIASES: Final = ("cheap", "fast-code", "reviewer", "reasoning", "native", "architect")
"""Every name `modelAlias` may have; a tier allows some of them."""

PRICES: Final[Mapping[str, tuple[int, int]]] = {
    "cheap": (15, 60),
    "fast-code": (80, 240),
    "reviewer": (150, 600),
    "reasoning": (1500, 6000),
    "architect": (1500, 6000),
}
"""Pool → price of input and of output."""

_CENT: Final = 1_000_000
"""Cost units (10^-8 dollars) in a cent."""
_RESERVED_OUTPUT: Final = {"invoke": 1000, "stream": 2000}
"""Tokens of answer that are set aside before it is known."""


@dataclass(frozen=True, slots=True)
class TierRules:
    aliases: Sequence[str]
    default_pool: str
    """Also what the alias `native` means."""
    community: int
    """Requests a minute; so are the next two."""
    user: int
    channel: int
    burst: int
    """Capacity of a user's bucket, which also refills by this much a minute."""


_PRO: Final = ("cheap", "fast-code", "reviewer")
RULES: Final[Mapping[Tier, TierRules]] = {
    "free": TierRules(("cheap",), "cheap", 60, 10, 20, 3),
    "pro": TierRules(_PRO, "fast-code", 300, 30, 60, 5),
    "enterprise": TierRules((*_PRO, "reasoning", "native"), "reviewer", 1000, 100, 200, 10),
}


def lower(one: Tier, other: Tier) -> Tier:
    return min(one, other, key=TIERS.index)


def pool_for(alias: str | None, tier: Tier) -> str:
    """The pool that answers. No alias and `native` are the tier's default."""
    return RULES[tier].default_pool if alias is None or alias == "native" else alias


def tokens_in(characters: int) -> int:
    """The stand-in's estimate: a token for every four characters, rounded up."""
    return -(-characters // 4)


def cost(pool: str, prompt_tokens: int, completion_tokens: int) -> int:
    """In units of 10^-8 dollars."""
    price_in, price_out = PRICES[pool]
    return prompt_tokens * price_in + completion_tokens * price_out


def dollars(units: int) -> float:
    """As written on the wire, in `costUsd`."""
    return units / 100_000_000


def reserved_cents(pool: str, prompt_tokens: int, kind: Literal["invoke", "stream"], *, tools: bool) -> int:
    """Set aside before a turn: a guess at its cost, rounded up, doubled with tools; at least a cent."""
    units = cost(pool, prompt_tokens, _RESERVED_OUTPUT[kind])
    return max(1, -(-units // _CENT)) * (2 if tools else 1)


def charged_cents(units: int) -> int:
    """What a turn takes from the budget: its cost rounded to the nearest cent, which for most turns is nothing."""
    return (units + _CENT // 2) // _CENT
