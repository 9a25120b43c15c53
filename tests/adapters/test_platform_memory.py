"""What only the platform in memory does: it meters, limits and remembers, and tells what it was asked."""

import asyncio
from contextlib import aclosing

import pytest

from app.adapters.platform_memory import MemoryOptions, MemoryPlatform
from app.dialogue import Message
from app.errors import BudgetExhausted, PlatformDenied, PlatformLimited, PlatformRefused
from tests.ports.platform_rigs import ask


def test_memory_charges_a_key_once() -> None:
    platform = MemoryPlatform()
    first = platform.invoke(ask())
    spent = platform.budget()
    assert platform.invoke(ask()) == first and platform.budget() == spent and platform.spoken == 1
    assert spent is not None and first.usage is not None and spent.spent_micro == first.usage.cost_micro > 0
    platform.invoke(ask("turn-2"))
    after = platform.budget()
    assert after is not None and after.spent_micro == 2 * spent.spent_micro


def test_memory_key_of_another_ask_is_refused() -> None:
    platform = MemoryPlatform()
    platform.invoke(ask())
    with pytest.raises(PlatformRefused):
        platform.invoke(ask(messages=[Message("user", "Something else.")]))


def test_memory_limits_by_holder_and_recovers() -> None:
    now = 1000.0
    platform = MemoryPlatform(options=MemoryOptions(limits={"user": 2}), monotonic=lambda: now)
    platform.invoke(ask("1", holder="ann"))
    now += 20
    platform.invoke(ask("2", holder="ann"))
    platform.invoke(ask("3", holder="bob"))
    with pytest.raises(PlatformLimited) as caught:
        platform.invoke(ask("4", holder="ann"))
    assert (caught.value.policy, caught.value.retry_after) == ("user", 40)
    now += 40
    platform.invoke(ask("4", holder="ann"))


def test_memory_budget_ends_and_is_seen_by_administrators_only() -> None:
    platform = MemoryPlatform(options=MemoryOptions(budget_micro=30))
    platform.invoke(ask("1"))
    with pytest.raises(BudgetExhausted):
        platform.invoke(ask("2"))
    platform.invoke(ask("1"))
    found = platform.budget()
    assert found is not None and found.remaining_micro == 0 and found.warning
    assert MemoryPlatform(options=MemoryOptions(administrator=False)).budget() is None


def test_memory_pool_that_is_not_open_is_denied() -> None:
    platform = MemoryPlatform(options=MemoryOptions(pools=["cheap"]))
    assert platform.models() == ("cheap",)
    with pytest.raises(PlatformDenied):
        platform.invoke(ask())


def test_memory_cancelled_stream_is_not_charged_and_is_told() -> None:
    platform = MemoryPlatform()

    async def one() -> None:
        async with aclosing(platform.stream(ask())) as events:
            await anext(events)

    asyncio.run(one())
    found = platform.budget()
    assert platform.cancelled == ["turn-1"] and found is not None and found.spent_micro == 0
