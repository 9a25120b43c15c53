"""Sealed bytes open with their key in their place, and in no other way."""

import copy
import os
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import Unreadable
from app.provenance.sealing import KEY_BYTES, NONCE_BYTES, OVERHEAD, Box, seal, unseal
from app.scope import Scope

KEY, NONCE = bytes(range(32)), bytes(range(12))
users = st.text("0123456789abcdef", min_size=32, max_size=32)
numbers = st.integers(0, 2**31 - 1)
scopes = st.builds(Scope, numbers, numbers, numbers, numbers, users)


@given(plain=st.binary(max_size=2_000), context=st.binary(max_size=100))
def test_unseal_gives_back_the_bytes_and_the_overhead_is_constant(plain: bytes, context: bytes) -> None:
    sealed = seal(KEY, NONCE, plain, context)
    assert len(sealed) == len(plain) + OVERHEAD
    assert unseal(KEY, sealed, context) == plain


def test_seal_is_aes_256_gcm_as_nist_has_it() -> None:
    # Test case 14 of the GCM submission: key, nonce and one block of zeros.
    sealed = seal(bytes(32), bytes(12), bytes(16), b"")
    assert sealed[1 + 12 :].hex() == "cea7403d4d606b6e074ec5d3baf39d18" + "d0d1c8a799996bf0265b98b5d48ab919"


@given(st.binary(max_size=60), st.data())
def test_unseal_any_flipped_bit_is_refused(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(seal(KEY, NONCE, plain, b"here"))
    at = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[at // 8] ^= 1 << (at % 8)
    with pytest.raises(Unreadable):
        unseal(KEY, bytes(sealed), b"here")


@given(st.binary(max_size=200))
def test_unseal_anything_else_is_refused(anything: bytes) -> None:
    with pytest.raises(Unreadable):
        unseal(KEY, anything, b"here")


@given(scopes, scopes)
def test_context_is_another_for_every_other_scope(one: Scope, other: Scope) -> None:
    assert (one.context == other.context) == (one == other)


@settings(max_examples=50)
@given(scopes, st.sampled_from(["project_id", "collection_id", "token_id", "tenure", "user"]))
def test_unseal_in_a_scope_that_differs_in_one_thing_is_refused(scope: Scope, name: str) -> None:
    values = {each: getattr(scope, each) for each in ("project_id", "collection_id", "token_id", "tenure", "user")}
    values[name] = "f" * 32 if name == "user" else values[name] + 1
    other = Scope(**values)
    if other == scope:
        return
    sealed = Box(KEY, scope.context, os.urandom).seal("secret")
    assert Box(KEY, scope.context, os.urandom).open(sealed) == "secret"
    with pytest.raises(Unreadable):
        Box(KEY, other.context, os.urandom).open(sealed)
    with pytest.raises(Unreadable):
        Box(os.urandom(KEY_BYTES), scope.context, os.urandom).open(sealed)


@pytest.mark.parametrize(("key", "nonce"), [(b"", NONCE), (KEY[:-1], NONCE), (KEY, b""), (KEY, NONCE + b"\0")])
def test_seal_wrong_lengths_are_a_mistake_of_the_caller(key: bytes, nonce: bytes) -> None:
    with pytest.raises(ValueError, match="bytes"):
        seal(key, nonce, b"", b"")


@given(st.text(max_size=300))
def test_box_opens_every_text(text: str) -> None:
    assert Box(KEY, b"", os.urandom).open(Box(KEY, b"", os.urandom).seal(text)) == text


def test_box_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    box = Box(KEY, b"", os.urandom)
    assert box.open(box.seal("a\ud800b")) == "a?b"


def test_box_takes_a_new_nonce_for_every_text() -> None:
    box = Box(KEY, b"", os.urandom)
    nonces = {box.seal("same")[1 : 1 + NONCE_BYTES] for _ in range(200)}
    assert len(nonces) == 200


def test_box_is_never_shown_pickled_or_copied() -> None:
    box = Box(KEY, b"", os.urandom)
    assert repr(box) == "Box()"
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            take(box)
