"""Names of requests against published check values."""

import json
import unicodedata
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from app.provenance.idempotency import derive_key, request_hash

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def test_request_hash_of_nothing_is_the_known_value() -> None:
    assert request_hash(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_request_hash_is_of_the_bytes_and_not_of_their_meaning() -> None:
    assert request_hash(b'{"a":1,"b":2}') != request_hash(b'{"b":2,"a":1}')
    assert request_hash(b'{"a":1}') == "sha256:" + sha256(b'{"a":1}').hexdigest()


def test_derive_key_gives_the_check_value() -> None:
    key = derive_key("tenant-a", "sha256:abc123", "openai", "gpt-4o")
    assert key.startswith("bbdd49281ca42a79") and key.endswith("c1cdd3513e2b19de") and len(key) == 64


def test_derive_key_keeps_characters_beyond_ascii_as_they_are() -> None:
    written = '["zürich","sha256:1","é\N{GRINNING FACE}","\\"\\\\\\n"]'
    assert derive_key("zürich", "sha256:1", "é\N{GRINNING FACE}", '"\\\n') == sha256(written.encode()).hexdigest()
    assert derive_key("é", "h", "p", "m") != derive_key(unicodedata.normalize("NFD", "é"), "h", "p", "m")


@given(TEXT, TEXT, TEXT, TEXT)
def test_derive_key_has_no_two_readings(tenant: str, req_hash: str, provider: str, model: str) -> None:
    written = json.dumps([tenant, req_hash, provider, model], separators=(",", ":"), ensure_ascii=False)
    assert derive_key(tenant, req_hash, provider, model) == sha256(written.encode()).hexdigest()
    assert derive_key(tenant + req_hash, provider, model, "x") != derive_key(tenant, req_hash + provider, model, "x")


@pytest.mark.parametrize("empty", range(4))
def test_derive_key_with_an_empty_part_is_refused(empty: int) -> None:
    parts = ["t", "h", "p", "m"]
    parts[empty] = ""
    with pytest.raises(Invalid):
        derive_key(*parts)


def test_derive_key_with_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(Invalid):
        derive_key("\ud800", "h", "p", "m")
