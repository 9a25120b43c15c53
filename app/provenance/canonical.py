"""Canonical JSON: RFC 8785 (JCS) over NFC strings. The bytes that are hashed, pinned and committed."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import rfc8785

from app.errors import Invalid


def canonical_json(value: Any) -> bytes:
    """UTF-8 bytes of `value` in JCS form, every string in Unicode NFC.

    Raises Invalid for floats (nothing hashed carries one), integers outside ±(2^53-1), values JSON does not know, and
    keys that become equal under NFC.
    """
    try:
        return rfc8785.dumps(_normalised(value))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:  # the latter: lone surrogates in a key
        raise Invalid(f"This value has no canonical JSON form: {error}") from error


def _normalised(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, float):
        raise Invalid("Floats have no place in a canonical document; use integers.")
    if isinstance(value, Mapping):
        result: dict[str, Any] = {}
        for key, member in value.items():
            if not isinstance(key, str):
                raise Invalid(f"Object keys must be strings, not {type(key).__name__}.")
            normal = unicodedata.normalize("NFC", key)
            if normal in result:
                raise Invalid(f"Two keys are equal after Unicode normalisation: {normal!r}.")
            result[normal] = _normalised(member)
        return result
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [_normalised(member) for member in value]
    return value
