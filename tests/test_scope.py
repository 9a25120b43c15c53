"""Pseudonyms: fixed, keyed, and the same in any letter case."""

import hashlib
import hmac
import re

from app.scope import pseudonym

ALICE = "eip155:1:0xAb5801a7D398351b8bE11C439e05C5B3259aeC9B"


def test_pseudonym_is_the_first_half_of_an_hmac() -> None:
    whole = hmac.new(b"pepper", ALICE.lower().encode(), hashlib.sha256).hexdigest()
    assert pseudonym(b"pepper", ALICE) == whole[:32]
    assert re.fullmatch("[0-9a-f]{32}", pseudonym(b"pepper", ALICE))


def test_pseudonym_is_one_for_every_spelling_and_another_for_every_pepper_chain_and_account() -> None:
    assert pseudonym(b"p", ALICE) == pseudonym(b"p", ALICE.lower()) == pseudonym(b"p", ALICE.upper())
    others = [pseudonym(b"q", ALICE), pseudonym(b"p", ALICE.replace(":1:", ":10:")), pseudonym(b"p", ALICE[:-1] + "C")]
    assert len({pseudonym(b"p", ALICE), *others}) == 4
