"""Signing in: the right message signed by the right account, once; and sessions that end when they should."""

import dataclasses
import hashlib
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Barrier
from typing import Any

import pytest
from eth_account import Account as Keys
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.clocks import MemoryClock
from app.adapters.identity_memory import MemoryNonces, MemoryRevocations, MemorySessionKeys
from app.adapters.signature_memory import MemorySignatures
from app.errors import ChainUnavailable, ConfigurationError, Invalid, Unauthorized
from app.identity import Account, Challenge, Session
from app.ports import Address
from app.provenance import jwt, siwe
from app.provenance.signatures import Wrapped, recover, wrap
from app.services.keyring import KeyRing
from app.services.sessions import (
    CHALLENGE_SECONDS,
    SESSION_SECONDS,
    SKEW_SECONDS,
    STATEMENT,
    TOKEN_SECONDS,
    Sessions,
)
from tests.provenance.test_siwe import mutated

START = datetime(2026, 11, 20, 12, 0, 0, 700_000, UTC)
ORIGIN = "https://agents.example"
CHAINS = (1, 8453)
ALICE, BOB = (Keys.from_key(hashlib.sha256(name).digest()) for name in (b"alice", b"bob"))
SAFE = Account(8453, Address("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"))


class Rig:
    """Sign-in put together in memory, with a clock that stands still."""

    def __init__(self, origin: str = ORIGIN) -> None:
        self.clock = MemoryClock(START)
        self.signatures = MemorySignatures()
        self.nonces = MemoryNonces()
        self.revocations = MemoryRevocations()
        self.stored = MemorySessionKeys()
        self.origin = origin
        self._drawn = count()
        self.ring = KeyRing(self.stored, self.clock, self.entropy, bytes(32), token_seconds=TOKEN_SECONDS)
        self.sessions = self.process()

    def entropy(self, length: int) -> bytes:
        return hashlib.sha256(str(next(self._drawn)).encode()).digest()[:length]

    def process(self, **changes: Any) -> Sessions:
        """Another process on the same stores."""
        ring = KeyRing(self.stored, self.clock, self.entropy, bytes(32), token_seconds=TOKEN_SECONDS)
        parts: dict[str, Any] = {
            "signatures": self.signatures,
            "nonces": self.nonces,
            "keys": ring,
            "revocations": self.revocations,
            "clock": self.clock,
            "entropy": self.entropy,
            "origin": self.origin,
            "chain_ids": CHAINS,
        }
        return Sessions(**{**parts, **changes})

    def message(self, by: LocalAccount = ALICE, **changes: Any) -> str:
        """A challenge, with fields changed afterwards."""
        text = self.sessions.challenge(by.address, 1).message
        return siwe.build(dataclasses.replace(siwe.parse(text), **changes)) if changes else text

    def sign_in(self, by: LocalAccount = ALICE) -> Session:
        message = self.message(by)
        return self.sessions.sign_in(message, sign(message, by))

    def later(self, **amount: int) -> None:
        self.clock.advance(int(timedelta(**amount).total_seconds()))


@pytest.fixture
def rig() -> Rig:
    return Rig()


def sign(message: str, by: LocalAccount = ALICE) -> str:
    return "0x" + bytes(by.sign_message(encode_defunct(text=message)).signature).hex()


def moment(seconds: int = 0) -> str:
    return siwe.format_time(START + timedelta(seconds=seconds))


# --- challenge --------------------------------------------------------------------------------------------------------


def test_challenge_is_a_message_for_this_site_account_and_moment(rig: Rig) -> None:
    challenge = rig.sessions.challenge(ALICE.address, 8453)
    assert siwe.parse(challenge.message) == siwe.SiweMessage(
        scheme=None,
        domain="agents.example",
        address=ALICE.address,
        statement=STATEMENT,
        uri=ORIGIN,
        chain_id=8453,
        nonce=challenge.nonce.value,
        issued_at="2026-11-20T12:00:00Z",
        expiration_time="2026-11-20T12:10:00Z",
    )
    assert challenge.nonce.expires_at == START + timedelta(seconds=CHALLENGE_SECONDS)
    assert len(challenge.nonce.value) == 32


def test_challenge_never_has_the_same_nonce_again(rig: Rig) -> None:
    assert len({rig.sessions.nonce().value for _ in range(100)}) == 100


@pytest.mark.parametrize("write", [str, str.lower, lambda text: "0x" + text[2:].upper()], ids=["eip55", "low", "up"])
def test_challenge_takes_an_address_in_one_case(rig: Rig, write: Callable[[str], str]) -> None:
    assert f"\n{ALICE.address}\n" in rig.sessions.challenge(write(ALICE.address), 1).message


@pytest.mark.parametrize(
    "address", ["", "0x", "alice.eth", ALICE.address[:-1], ALICE.address.swapcase(), "0X" + "0" * 40]
)
def test_challenge_for_no_address_is_refused(rig: Rig, address: str) -> None:
    with pytest.raises(Invalid):
        rig.sessions.challenge(address, 1)


def test_challenge_for_a_mistyped_address_is_refused(rig: Rig) -> None:
    with pytest.raises(Invalid, match="EIP-55"):
        rig.sessions.challenge("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756cc2", 1)


@pytest.mark.parametrize("chain_id", [0, -1, 5, 10**20])
def test_challenge_for_another_chain_is_refused(rig: Rig, chain_id: int) -> None:
    with pytest.raises(Invalid, match="chain") as caught:
        rig.sessions.challenge(ALICE.address, chain_id)
    assert "1, 8453" in caught.value.hint


# --- sign in ----------------------------------------------------------------------------------------------------------


def test_sign_in_gives_a_session_of_the_account(rig: Rig) -> None:
    session = rig.sign_in()
    whole = START.replace(microsecond=0)
    assert session.account == Account(1, Address(ALICE.address))
    assert session.issued_at == whole
    assert session.expires_at == whole + timedelta(seconds=TOKEN_SECONDS)
    assert session.until == whole + timedelta(seconds=SESSION_SECONDS)
    assert rig.sessions.authenticate(session.token) == session
    assert session.token not in repr(session)


def test_token_is_a_jwt_of_this_site(rig: Rig) -> None:
    session = rig.sign_in()
    known = {key.kid: key for key in rig.ring.verifying()}
    claims = jwt.verify(session.token, known.get, issuer=ORIGIN, audience=ORIGIN, now=int(START.timestamp()))
    assert claims == {
        "iss": ORIGIN,
        "aud": ORIGIN,
        "sub": f"eip155:1:{ALICE.address}",
        "iat": int(START.timestamp()),
        "exp": int(START.timestamp()) + 900,
        "jti": claims["jti"],
        "sid": session.id,
        "until": int(START.timestamp()) + SESSION_SECONDS,
    }


CLIENT_MESSAGES: dict[str, dict[str, Any]] = {
    "with the scheme": {"scheme": "https"},
    "with the scheme in capitals": {"scheme": "HTTPS"},
    "with the default port": {"domain": "agents.example:443"},
    "in capitals": {"domain": "Agents.Example"},
    "a page of ours": {"uri": "https://agents.example/agents/1?a=b#c"},
    "without an end": {"expiration_time": None},
    "with a request id and resources": {"request_id": "7", "resources": ("eip155:1/erc721:0x1/2",)},
    "valid from now on": {"not_before": moment()},
    "by a clock that is ahead": {"issued_at": moment(SKEW_SECONDS)},
    "by a clock that is behind": {"issued_at": moment(-CHALLENGE_SECONDS - SKEW_SECONDS + 1)},
    "in another zone": {"issued_at": "2026-11-20T17:45:00.123+05:45"},
    "of the last second": {"expiration_time": moment(1)},
}


@pytest.mark.parametrize("name", CLIENT_MESSAGES)
def test_sign_in_takes_what_clients_may_write(rig: Rig, name: str) -> None:
    message = rig.message(**CLIENT_MESSAGES[name])
    assert rig.sessions.sign_in(message, sign(message)).account.address == ALICE.address


def test_sign_in_takes_a_message_the_client_wrote_with_a_nonce(rig: Rig) -> None:
    message = siwe.build(
        siwe.SiweMessage(
            domain="agents.example",
            address=ALICE.address,
            statement=rig.sessions.statement,
            uri=rig.sessions.origin,
            chain_id=1,
            nonce=rig.sessions.nonce().value,
            issued_at=moment(),
        )
    )
    assert rig.sessions.sign_in(message, sign(message)).account.chain_id == 1


NOT_OURS: dict[str, tuple[dict[str, Any], str]] = {
    "another domain": ({"domain": "evil.example"}, "another site"),
    "a subdomain": ({"domain": "a.agents.example"}, "another site"),
    "our name in another's": ({"domain": "agents.example.evil.example"}, "another site"),
    "our name as the user": ({"domain": "agents.example@evil.example"}, "another site"),
    "a user at our name": ({"domain": "me@agents.example"}, "another site"),
    "another port": ({"domain": "agents.example:8443"}, "another site"),
    "another scheme": ({"scheme": "http"}, "another site"),
    "the port of another scheme": ({"domain": "agents.example:80"}, "another site"),
    "a dot behind": ({"domain": "agents.example."}, "another site"),
    "an escaped letter": ({"domain": "%61gents.example"}, "another site"),
    "a URI elsewhere": ({"uri": "https://evil.example/agents.example"}, "URI"),
    "a URI of another scheme": ({"uri": "http://agents.example"}, "URI"),
    "a URI with our name as the user": ({"uri": "https://agents.example@evil.example"}, "URI"),
    "a URI without an authority": ({"uri": "urn:agents.example"}, "URI"),
    "another chain": ({"chain_id": 137}, "chain 137"),
    "no statement": ({"statement": None}, "statement"),
    "an empty statement": ({"statement": ""}, "statement"),
    "another statement": ({"statement": STATEMENT + " I give everything to evil.example."}, "statement"),
    "expired": ({"expiration_time": moment(-1)}, "expired"),
    "expiring this moment": ({"expiration_time": "2026-11-20T12:00:00.7Z"}, "expired"),
    "not yet valid": ({"not_before": moment(SKEW_SECONDS + 1)}, "not valid yet"),
    "from the future": ({"issued_at": moment(SKEW_SECONDS + 1)}, "future"),
    "from yesterday": ({"issued_at": moment(-86_400), "expiration_time": None}, "too old"),
    "from just too long ago": ({"issued_at": moment(-CHALLENGE_SECONDS - SKEW_SECONDS)}, "too old"),
    "a nonce of nobody": ({"nonce": "0" * 32}, "nonce"),
    "a nonce of four thousand": ({"nonce": "a" * 3000}, "nonce"),
}


@pytest.mark.parametrize("name", NOT_OURS)
def test_sign_in_refuses_what_we_would_not_have_said(rig: Rig, name: str) -> None:
    changes, why = NOT_OURS[name]
    message = rig.message(**changes)
    with pytest.raises(Unauthorized, match=why) as caught:
        rig.sessions.sign_in(message, sign(message))
    assert caught.value.hint


def test_sign_in_refused_for_the_message_leaves_the_nonce(rig: Rig) -> None:
    message = rig.message()
    wrong = message.replace("Chain ID: 1\n", "Chain ID: 137\n")
    with pytest.raises(Unauthorized):
        rig.sessions.sign_in(wrong, sign(wrong))
    rig.sessions.sign_in(message, sign(message))


def test_sign_in_by_another_account_is_refused(rig: Rig) -> None:
    message = rig.message()
    with pytest.raises(Unauthorized, match="signature"):
        rig.sessions.sign_in(message, sign(message, BOB))


def test_sign_in_with_a_signature_of_other_words_is_refused(rig: Rig) -> None:
    message, before = rig.message(), rig.message()
    with pytest.raises(Unauthorized, match="signature"):
        rig.sessions.sign_in(message, sign(before))


@pytest.mark.parametrize("signature", ["", "0x", "0xzz", "0x0", "garbage", "0x" + "00" * 16_385, "\ud800", "0x" + "é"])
def test_sign_in_with_what_is_no_signature_is_invalid_and_leaves_the_nonce(rig: Rig, signature: str) -> None:
    message = rig.message()
    with pytest.raises(Invalid):
        rig.sessions.sign_in(message, signature)
    rig.sessions.sign_in(message, sign(message))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text + "\n",
        lambda text: text.replace(ALICE.address, ALICE.address.lower()),
        lambda text: text.replace("agents.", "аgents."),
        lambda text: text + "\nResources:\n- a:" + "a" * 4096,
        lambda text: "",
        lambda text: text.replace("Version: 1", "Version: 2"),
    ],
    ids=["CRLF", "line", "lower", "homoglyph", "oversized", "empty", "version"],
)
def test_sign_in_with_a_malformed_message_is_invalid(rig: Rig, change: Callable[[str], str]) -> None:
    message = change(rig.message())
    with pytest.raises(Invalid):
        rig.sessions.sign_in(message, sign(message))


@given(at=st.integers(0, 10**6), code=st.integers(0, 255))
def test_sign_in_with_one_other_character_never_works(at: int, code: int) -> None:
    rig = Rig()
    message = rig.message()
    place = at % len(message)
    changed = message[:place] + chr(code) + message[place + 1 :]
    if changed != message:
        with pytest.raises((Invalid, Unauthorized)):
            rig.sessions.sign_in(changed, sign(message))


# --- once -------------------------------------------------------------------------------------------------------------


def test_sign_in_again_with_the_same_message_is_refused(rig: Rig) -> None:
    message = rig.message()
    rig.sessions.sign_in(message, sign(message))
    for sessions in (rig.sessions, rig.process()):
        with pytest.raises(Unauthorized, match="nonce"):
            sessions.sign_in(message, sign(message))


def test_sign_in_with_the_nonce_in_another_message_is_refused(rig: Rig) -> None:
    message = rig.message()
    rig.sessions.sign_in(message, sign(message))
    hers = message.replace(ALICE.address, BOB.address)
    with pytest.raises(Unauthorized, match="nonce"):
        rig.sessions.sign_in(hers, sign(hers, BOB))


def test_sign_in_that_failed_used_the_nonce_up(rig: Rig) -> None:
    message = rig.message()
    with pytest.raises(Unauthorized, match="signature"):
        rig.sessions.sign_in(message, sign(message, BOB))
    with pytest.raises(Unauthorized, match="nonce"):
        rig.sessions.sign_in(message, sign(message))


def test_sign_in_by_many_at_once_works_for_one(rig: Rig) -> None:
    message, start = rig.message(), Barrier(8)

    def attempt(_: int) -> bool:
        sessions = rig.process()
        start.wait()
        try:
            sessions.sign_in(message, sign(message))
        except Unauthorized:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1


def test_nonce_ends_with_its_challenge(rig: Rig) -> None:
    message = rig.message(expiration_time=None)
    rig.later(seconds=CHALLENGE_SECONDS - 1)
    late = rig.message(expiration_time=None)
    rig.sessions.sign_in(message, sign(message))
    rig.later(seconds=CHALLENGE_SECONDS)
    with pytest.raises(Unauthorized, match="nonce"):
        rig.sessions.sign_in(late, sign(late))


# --- contract accounts ------------------------------------------------------------------------------------------------


def challenge_for(rig: Rig, account: Account) -> Challenge:
    return rig.sessions.challenge(account.address, account.chain_id)


def test_sign_in_by_a_contract_lasts_until_the_next_signature(rig: Rig) -> None:
    rig.signatures.deploy(SAFE, lambda digest, signature: recover(digest, signature) == BOB.address)
    message = challenge_for(rig, SAFE).message
    session = rig.sessions.sign_in(message, sign(message, BOB))
    assert session.account == SAFE
    assert session.until == session.expires_at
    rig.later(minutes=14)
    assert rig.sessions.renew(session.token).expires_at == session.expires_at
    rig.later(minutes=1)
    with pytest.raises(Unauthorized, match="ended"):
        rig.sessions.renew(session.token)


def test_sign_in_by_a_contract_to_be(rig: Rig) -> None:
    factory = Address(BOB.address)
    rig.signatures.promise(factory, b"make", SAFE, lambda digest, signature: recover(digest, signature) == BOB.address)
    message = challenge_for(rig, SAFE).message
    wrapped = wrap(Wrapped(factory, b"make", bytes.fromhex(sign(message, BOB)[2:])))
    assert rig.sessions.sign_in(message, "0x" + wrapped.hex()).account == SAFE


def test_sign_in_while_the_chain_is_down_may_be_repeated(rig: Rig) -> None:
    rig.signatures.deploy(SAFE, lambda _, signature: signature == b"yes")
    message = challenge_for(rig, SAFE).message
    rig.signatures.down.add(8453)
    for _ in range(2):
        with pytest.raises(ChainUnavailable):
            rig.sessions.sign_in(message, "0x" + b"yes".hex())
    rig.signatures.down.clear()
    assert rig.sessions.sign_in(message, "0x" + b"yes".hex()).account == SAFE
    with pytest.raises(Unauthorized, match="nonce"):
        rig.sessions.sign_in(message, "0x" + b"yes".hex())


def test_sign_in_by_key_works_while_the_chain_is_down(rig: Rig) -> None:
    rig.signatures.down.add(1)
    assert rig.sign_in().account.address == ALICE.address


# --- sessions ---------------------------------------------------------------------------------------------------------


def test_session_ends_after_15_minutes(rig: Rig) -> None:
    session = rig.sign_in()
    rig.later(seconds=TOKEN_SECONDS - 1)
    assert rig.sessions.authenticate(session.token) == session
    rig.later(seconds=1)
    for use in (rig.sessions.authenticate, rig.sessions.renew):
        with pytest.raises(Unauthorized, match="ended"):
            use(session.token)


def test_session_is_renewed_for_12_hours(rig: Rig) -> None:
    first = session = rig.sign_in()
    for minutes in range(14, 12 * 60, 14):
        rig.later(minutes=14)
        session = rig.sessions.renew(session.token)
        assert (session.id, session.account, session.until) == (first.id, first.account, first.until)
        assert session.expires_at <= first.until, minutes
    assert session.expires_at == first.until
    rig.later(minutes=14)
    with pytest.raises(Unauthorized):
        rig.sessions.renew(session.token)


def test_sign_out_ends_every_token_of_the_session_everywhere(rig: Rig) -> None:
    first, another = rig.sign_in(), rig.sign_in()
    second = rig.sessions.renew(first.token)
    rig.sessions.sign_out(first.token)
    for sessions in (rig.sessions, rig.process()):
        for token in (first.token, second.token):
            with pytest.raises(Unauthorized, match="signed out"):
                sessions.authenticate(token)
        assert sessions.authenticate(another.token) == another


def test_sign_out_of_nothing_is_no_error(rig: Rig) -> None:
    session = rig.sign_in()
    rig.sessions.sign_out("")
    rig.sessions.sign_out("garbage")
    rig.sessions.sign_out(session.token)
    rig.sessions.sign_out(session.token)


def test_sign_out_is_remembered_until_nothing_can_be_renewed(rig: Rig) -> None:
    session = rig.sign_in()
    rig.sessions.sign_out(session.token)
    rig.later(hours=11, minutes=59)
    rig.sessions.tidy()
    assert rig.revocations.revoked(session.id)
    rig.later(minutes=1)
    rig.sessions.tidy()
    assert not rig.revocations.revoked(session.id)


def test_token_of_another_site_with_the_same_keys_is_refused(rig: Rig) -> None:
    elsewhere = rig.process(origin="https://other.example")
    session = rig.sign_in()
    with pytest.raises(Unauthorized):
        elsewhere.authenticate(session.token)


def test_token_of_a_chain_we_left_is_refused(rig: Rig) -> None:
    session = rig.sign_in()
    with pytest.raises(Unauthorized, match="chain"):
        rig.process(chain_ids=(8453,)).authenticate(session.token)


def test_tidy_forgets_nonces_that_ended(rig: Rig) -> None:
    old, now = rig.sessions.nonce(), int(START.timestamp())
    rig.later(seconds=CHALLENGE_SECONDS - 60)
    fresh = rig.sessions.nonce()
    rig.later(seconds=60)
    rig.sessions.tidy()
    assert rig.nonces.consume(old.value, now) is None
    assert rig.nonces.consume(fresh.value, now) is not None


def test_session_outlives_a_rotation_of_keys(rig: Rig) -> None:
    session = rig.sign_in()
    rig.ring.rotate()
    renewed = rig.process().renew(session.token)
    assert rig.sessions.authenticate(session.token) == session
    assert renewed.token.split(".")[0] != session.token.split(".")[0]
    rig.later(minutes=14)
    rig.sessions.tidy()
    assert rig.sessions.authenticate(session.token) == session


def test_dropped_keys_end_every_session_at_once(rig: Rig) -> None:
    session, other = rig.sign_in(), rig.process()
    other.authenticate(session.token)
    rig.ring.drop_all()
    for sessions in (rig.sessions, other):
        with pytest.raises(Unauthorized):
            sessions.authenticate(session.token)
    rig.sessions.authenticate(rig.sign_in().token)


# --- where we are -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "domain", "scheme"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000", "http"),
        ("http://localhost", "localhost", "http"),
        ("https://Agents.Example:443/", "agents.example", None),
        ("https://agents.example/path", "agents.example", None),
        ("https://[::1]:8443", "[::1]:8443", None),
    ],
)
def test_sign_in_works_wherever_we_are(origin: str, domain: str, scheme: str | None) -> None:
    rig = Rig(origin)
    said = siwe.parse(rig.message())
    assert (said.domain, said.scheme) == (domain, scheme)
    assert rig.sign_in().account.address == ALICE.address
    without = rig.message(scheme=None)
    rig.sessions.sign_in(without, sign(without))


@pytest.mark.parametrize("origin", ["", "agents.example", "/", "https://", "urn:agents", "https://agents example"])
def test_sessions_without_an_origin_cannot_be_made(rig: Rig, origin: str) -> None:
    with pytest.raises(ConfigurationError):
        rig.process(origin=origin)


@pytest.mark.parametrize("statement", ["two\nlines", "«Bonjour»", 'say "hello"', "100%"])
def test_sessions_with_a_statement_no_wallet_may_show_cannot_be_made(rig: Rig, statement: str) -> None:
    with pytest.raises(ConfigurationError, match="statement"):
        rig.process(statement=statement)


# --- whatever comes ---------------------------------------------------------------------------------------------------


def fuzz(count: int) -> None:
    """Changed messages with good and bad signatures: only what is unchanged in meaning and signed as it is gets in."""
    rig, chance = Rig(), random.Random(4361)
    entered = 0
    for _ in range(count):
        message = rig.message()
        changed = mutated(message, chance)
        signed = sign(message if chance.random() < 0.5 else changed.encode("ascii", "replace").decode())
        if chance.random() < 0.2:
            at = chance.randrange(2, len(signed))
            signed = signed[:at] + chance.choice("0123456789abcdefxG \n") + signed[at + chance.randint(0, 2) :]
        try:
            session = rig.sessions.sign_in(changed, signed)
        except (Invalid, Unauthorized):
            continue
        entered += 1
        assert session.account.address == ALICE.address
        digest = encode_defunct(text=changed)
        assert Keys.recover_message(digest, signature=signed) == ALICE.address
        assert f"Nonce: {siwe.parse(message).nonce}\n" in changed
    assert 0 < entered < count / 20  # other seconds and the like, signed as they are


def test_sign_in_with_500_changed_messages_raises_nothing_else() -> None:
    fuzz(500)


@pytest.mark.full
def test_sign_in_with_10_000_changed_messages_raises_nothing_else() -> None:
    fuzz(10_000)


# --- accounts ---------------------------------------------------------------------------------------------------------


def test_account_is_its_caip_10_id() -> None:
    assert str(SAFE) == "eip155:8453:0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
    assert Account.parse(str(SAFE)) == SAFE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "eip155:1",
        "eip155:01:" + SAFE.address,
        "eip155:1:" + SAFE.address.lower(),
        f"{SAFE}\n",
        f"bip122:1:{SAFE.address}",
    ],
)
def test_account_in_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        Account.parse(text)
