"""Refusals as the platform words them: a status, a code in capitals, a message. Flat, not problem JSON."""

import json
from collections.abc import Sequence
from typing import Any

Header = tuple[str, str]


class Refusal(Exception):
    """Becomes `{"error": code, "message": message}` with `status`. `headers` go with it."""

    def __init__(self, status: int, code: str, message: str, headers: Sequence[Header] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = tuple(headers)

    def body(self) -> dict[str, Any]:
        return {"error": self.code, "message": self.message}


def invalid(message: str) -> Refusal:
    return Refusal(400, "INVALID_REQUEST", message)


def unauthorized(message: str) -> Refusal:
    return Refusal(401, "UNAUTHORIZED", message)


def resume_lost() -> Refusal:
    return Refusal(409, "STREAM_RESUME_LOST", "The stream can't be resumed: ask again with a new idempotency key.")


def to_json(value: Any) -> bytes:
    """Compact JSON as JavaScript writes it: UTF-8, with a lone surrogate as its escape."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
