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
    ├── Burned                   410
    ├── TooLarge                 413
    ├── RangeNotSatisfiable      416
    ├── Unavailable              503  something behind us is down; a retry helps
    │   ├── ChainUnavailable     504  (indexers retry 504 and not 503: facts of Reservoir)
    │   ├── DatabaseUnavailable  504
    │   └── StoreUnavailable
    ├── ContentCorrupt           500  stored bytes do not match their content id
    └── ChainRefused             409  the node or the contract said no
        ├── Reverted                  the call would revert or did
        ├── NonceTooLow               this nonce is used up
        ├── Underpriced               the fees are below what the node takes
        ├── InsufficientFunds
        └── WrongChain

Every error says what happened (`message`), what to do (`hint`), and whether a retry helps (`retryable`).
Rendered as RFC 9457 problem JSON by `problem()`.
"""

from collections.abc import Sequence
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


class Burned(DnftError):
    code, status, title = "burned", 410, "Burned"


class TooLarge(DnftError):
    code, status, title = "too-large", 413, "Too large"


class RangeNotSatisfiable(DnftError):
    code, status, title = "range-not-satisfiable", 416, "Range not satisfiable"


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


class ContentCorrupt(DnftError):
    code, title = "content-corrupt", "Stored bytes do not match their content id"


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
    return body
