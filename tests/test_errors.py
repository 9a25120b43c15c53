"""The family of errors: the tree in the docstring is the tree in the code, and every one says what to do."""

import inspect
import re

import pytest

from app import errors
from app.errors import AllowanceSpent, ConfigurationError, DnftError, Reverted, StreamBroken, Unavailable, problem

ALL = [member for _, member in inspect.getmembers(errors, inspect.isclass) if issubclass(member, DnftError)]


def make(kind: type[DnftError], message: str = "What happened.") -> DnftError:
    if kind is ConfigurationError:
        return ConfigurationError([message])
    if issubclass(kind, AllowanceSpent):
        return kind(message, remaining={"messages": 0}, resets_at="2026-11-21T00:00:00Z", retry_after=9, hint="Wait.")
    return kind(message, hint="What to do.")


def test_docstring_tree_is_the_tree_of_classes() -> None:
    path: dict[int, str] = {}
    told: dict[str, tuple[str, str | None]] = {}
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^ {4}((?:[│ ]   )*(?:[├└]── )?)(\w+)(?: +(\d{3}))?(?: |$)", line)
        if match is None or not hasattr(errors, match[2]):
            continue
        depth = len(match[1]) // 4
        path[depth] = match[2]
        told[match[2]] = (path.get(depth - 1, "Exception"), match[3])
    assert told.keys() == {kind.__name__ for kind in ALL}
    for kind in ALL:
        parent, status = told[kind.__name__]
        assert kind.__mro__[1].__name__ == parent
        if status is not None:
            assert kind.status == int(status)


def test_codes_are_stable_words_and_each_has_one_class() -> None:
    codes = [kind.code for kind in ALL]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z][a-z-]*[a-z]", code) for code in codes)
    assert all(len(code) <= 40 for code in codes), "work and transaction rows keep 40 characters"


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_problem_has_the_members_of_rfc_9457(kind: type[DnftError]) -> None:
    body = problem(make(kind))
    assert body["type"] == f"urn:dnft:problem:{kind.code}"
    assert body["code"] == kind.code
    assert body["status"] == kind.status
    assert body["title"]
    assert body["title"] == kind.title
    assert body["detail"] == "What happened."
    assert body["hint"]
    assert body["retryable"] is kind.retryable


def test_problem_without_a_hint_has_none() -> None:
    assert "hint" not in problem(errors.NotFound("Gone."))


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_str_is_the_message(kind: type[DnftError]) -> None:
    assert str(make(kind)) == make(kind).message == "What happened."


def test_retry_helps_exactly_where_something_behind_us_is_down_or_fees_are_low() -> None:
    assert {kind.__name__ for kind in ALL if kind.retryable} == {
        *("Unavailable", "ChainUnavailable", "DatabaseUnavailable", "StoreUnavailable", "Underpriced"),
        *("PlatformUnavailable", "StreamBroken", "PlatformLimited", "RateLimited", "AllowanceSpent", "MoneySpent"),
    }
    for kind in ALL:
        if issubclass(kind, Unavailable):
            assert kind("Down.").retry_after == (1 if kind is StreamBroken else 5)
            assert kind.status in (503, 504)


def test_configuration_error_keeps_every_problem() -> None:
    error = ConfigurationError(["One.", "Two."])
    assert error.problems == ("One.", "Two.")
    assert "One." in error.message
    assert "Two." in error.message
    assert "doctor" in error.hint


def test_reverted_keeps_the_reason() -> None:
    assert Reverted("No.", reason="NotCovered").reason == "NotCovered"
