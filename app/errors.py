"""What can go wrong, as a tree.

    DnftError
    ├── Invalid                  400  the request or input is wrong; sending it again unchanged will fail again
    │   ├── MalformedTokenId
    │   ├── MalformedRequest
    │   └── ConfigurationError        settings: carries every problem found, not the first
    ├── Unauthorized             401
    ├── Forbidden                403
    ├── NotFound                 404
    │   ├── UnknownCollection
    │   ├── SealedToken               inside the supply, not yet released: must never be cached
    │   └── UnknownContent
    ├── MethodNotAllowed         405
    ├── Conflict                 409
    │   ├── VersionConflict           somebody else was faster: read, and decide anew
    │   ├── ConsentNeeded             what is kept has to be agreed to first
    │   └── Sealed                    a transfer ended this conversation
    ├── Burned                   410
    ├── Erased                   410  its owner had it erased: nobody can read it again
    ├── TooLarge                 413
    ├── RangeNotSatisfiable      416
    ├── AllowanceSpent           429  a limit of ours; `remaining` and `resets_at` tell more. 402 when it is money
    │   └── MoneySpent           402
    ├── RateLimited              429  too many requests to us; `retry_after` says when
    ├── Unavailable              503  something behind us is down; a retry helps
    │   ├── ChainUnavailable     504  (indexers retry 504 and not 503: facts of Reservoir)
    │   ├── DatabaseUnavailable  504
    │   ├── StoreUnavailable
    │   └── PlatformUnavailable       the agent platform is down or slow
    │       └── StreamBroken          an answer ended before it was whole
    ├── PlatformLimited          429  the agent platform's rate limit; `retry_after` says when
    ├── BudgetExhausted          402  the money set aside is spent
    ├── PlatformDenied           502  the agent platform does not accept our credentials, tier or model
    ├── PlatformRefused          502  the agent platform finds our request malformed
    │   └── ResumeLost                a stream cannot be resumed; the turn needs a new key
    ├── ContentCorrupt           500  stored bytes do not match their content id
    ├── Unreadable               500  sealed bytes do not open: another key, another scope, or changed
    └── ChainRefused             409  the node or the contract said no
        ├── Reverted                  the call would revert or did
        ├── NonceTooLow               this nonce is used up
        ├── Underpriced               the fees are below what the node takes
        ├── InsufficientFunds
        └── WrongChain

Every error says what happened (`message`), what to do (`hint`), and whether a retry helps (`retryable`).
Rendered as RFC 9457 problem JSON by `problem()`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class DnftError(Exception):
    """Root of all errors of this service. `message` is public: no secrets, no paths, no chat text."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "", retry_after: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.retry_after = retry_after

    def members(self) -> dict[str, Any]:
        """Members of the problem JSON that only this error has (RFC 9457, section 3.2)."""
        return {}


class Invalid(DnftError):
    code, status, title = "invalid", 400, "The request is not valid"


class MalformedTokenId(Invalid):
    code, title = "malformed-token-id", "Malformed token id"


class MalformedRequest(Invalid):
    code, title = "malformed-request", "Malformed request"


class ConfigurationError(Invalid):
    """Settings are missing or wrong. `problems` lists each one; the message joins them."""

    code, title = "configuration", "Settings are missing or wrong"

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems), hint="Run `dnft doctor` to see every setting and how to fix it.")
        self.problems = tuple(problems)


class Unauthorized(DnftError):
    code, status, title = "unauthorized", 401, "Not signed in"


class Forbidden(DnftError):
    code, status, title = "forbidden", 403, "Not allowed"


class NotFound(DnftError):
    code, status, title = "not-found", 404, "Not found"


class UnknownCollection(NotFound):
    code, title = "unknown-collection", "Unknown collection"


class SealedToken(NotFound):
    code, title = "sealed-token", "Not released yet"


class UnknownContent(NotFound):
    code, title = "unknown-content", "Not content of this service"


class MethodNotAllowed(DnftError):
    code, status, title = "method-not-allowed", 405, "Method not allowed"


class Conflict(DnftError):
    code, status, title = "conflict", 409, "Conflict"


class VersionConflict(Conflict):
    code, title = "version-conflict", "There is a newer version"


class ConsentNeeded(Conflict):
    code, title = "consent-needed", "Consent is needed first"


class Sealed(Conflict):
    code, title = "sealed", "This conversation is sealed"


class Burned(DnftError):
    code, status, title = "burned", 410, "Burned"


class Erased(DnftError):
    code, status, title = "erased", 410, "Erased"


class TooLarge(DnftError):
    code, status, title = "too-large", 413, "Too large"


class RangeNotSatisfiable(DnftError):
    code, status, title = "range-not-satisfiable", 416, "Range not satisfiable"


class AllowanceSpent(DnftError):
    """`remaining` is what is left (messages, costMicro), `resets_at` when the limit that was hit ends (RFC 3339)."""

    code, status, title, retryable = "allowance-spent", 429, "Enough for now", True

    def __init__(
        self, message: str, *, remaining: Mapping[str, int], resets_at: str, retry_after: int, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint, retry_after=retry_after)
        self.remaining = dict(remaining)
        self.resets_at = resets_at

    def members(self) -> dict[str, Any]:
        return {"remaining": self.remaining, "resetsAt": self.resets_at}


class MoneySpent(AllowanceSpent):
    code, status, title = "allowance-money-spent", 402, "The money for now is spent"


class RateLimited(DnftError):
    code, status, title, retryable = "rate-limited", 429, "Too many requests", True


class Unavailable(DnftError):
    code, status, title, retryable = "unavailable", 503, "Temporarily unavailable", True

    def __init__(self, message: str, *, hint: str = "", retry_after: int | None = 5) -> None:
        super().__init__(message, hint=hint, retry_after=retry_after)


class ChainUnavailable(Unavailable):
    code, status, title = "chain-unavailable", 504, "The chain does not answer"


class DatabaseUnavailable(Unavailable):
    code, status, title = "database-unavailable", 504, "The database does not answer"


class StoreUnavailable(Unavailable):
    code, title = "store-unavailable", "The content store does not answer"


class PlatformUnavailable(Unavailable):
    code, title = "platform-unavailable", "The agent platform does not answer"


class StreamBroken(PlatformUnavailable):
    """`last_id` is the id of the last whole event, to resume after; empty when none came."""

    code, title = "stream-broken", "The answer broke off"

    def __init__(self, message: str, *, last_id: str = "", hint: str = "", retry_after: int | None = 1) -> None:
        super().__init__(message, hint=hint, retry_after=retry_after)
        self.last_id = last_id


class PlatformLimited(DnftError):
    """`policy` names which limit it was (community, user, channel, burst), as far as the platform says."""

    code, status, title, retryable = "platform-limited", 429, "Too many requests to the agent platform", True

    def __init__(self, message: str, *, policy: str = "", hint: str = "", retry_after: int | None = 10) -> None:
        super().__init__(message, hint=hint, retry_after=retry_after)
        self.policy = policy


class BudgetExhausted(DnftError):
    code, status, title = "budget-exhausted", 402, "The budget is spent"


class PlatformDenied(DnftError):
    code, status, title = "platform-denied", 502, "The agent platform does not let us"


class PlatformRefused(DnftError):
    code, status, title = "platform-refused", 502, "The agent platform refused the request"


class ResumeLost(PlatformRefused):
    code, title = "resume-lost", "The answer cannot be resumed"


class ContentCorrupt(DnftError):
    code, title = "content-corrupt", "Stored bytes do not match their content id"


class Unreadable(DnftError):
    code, title = "unreadable", "Sealed bytes do not open"


class ChainRefused(DnftError):
    code, status, title = "chain-refused", 409, "The chain refused"


class Reverted(ChainRefused):
    """`reason` is the contract's custom error name or revert string, as far as it could be decoded."""

    code, title = "reverted", "The contract refused the call"

    def __init__(self, message: str, *, reason: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class NonceTooLow(ChainRefused):
    code, title = "nonce-too-low", "The nonce is used up"


class Underpriced(ChainRefused):
    code, title, retryable = "underpriced", "The fees are too low", True


class InsufficientFunds(ChainRefused):
    code, title = "insufficient-funds", "The sender cannot pay"


class WrongChain(ChainRefused):
    code, title = "wrong-chain", "The node serves another chain"


def problem(error: DnftError) -> dict[str, Any]:
    """RFC 9457 members for `error`. `type` is a stable, resolvable-by-documentation URN; `code` repeats its tail."""
    body: dict[str, Any] = {
        "type": f"urn:dnft:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.message,
        "code": error.code,
        "retryable": error.retryable,
    }
    if error.hint:
        body["hint"] = error.hint
    return body | error.members()
