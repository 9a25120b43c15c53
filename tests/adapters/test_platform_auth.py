"""Credentials: what a verifier of the other side finds in a token, and what nobody finds anywhere else."""

import copy
import json
import pickle
from base64 import urlsafe_b64decode
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from app.adapters.jwks import read_keys
from app.adapters.platform_auth import ApiKey, Es256Credentials, TokenOptions
from app.errors import ConfigurationError
from tests.adapters.wire import CLOCK, NOW

KEY = ec.derive_private_key(0xC0FFEE, ec.SECP256R1())
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
OPTIONS = TokenOptions(issuer="dnft", audience="freeside", tenant="t-1", tier="pro")


class Counter:
    """Entropy that never repeats."""

    def __init__(self) -> None:
        self.drawn = 0

    def __call__(self, size: int) -> bytes:
        self.drawn += 1
        return self.drawn.to_bytes(size)


def credentials(pem: bytes = PEM, password: bytes | None = None, **changes: Any) -> Es256Credentials:
    return Es256Credentials(pem, replace(OPTIONS, **changes), clock=CLOCK, entropy=Counter(), password=password)


def part(text: str) -> bytes:
    assert "=" not in text
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def verified(token: str, key: ec.EllipticCurvePublicKey) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims; raises InvalidSignature."""
    header, claims, signature = token.split(".")
    raw = part(signature)
    assert len(raw) == 64
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    key.verify(der, f"{header}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    return json.loads(part(header)), json.loads(part(claims))


def test_token_holds_what_a_verifier_wants_and_nothing_else() -> None:
    body = b'{"agent":"x"}'
    header, claims = verified(credentials().token(body, holder="h-42", channel="c-1"), KEY.public_key())
    now = int(NOW.timestamp())
    assert header == {"alg": "ES256", "kid": credentials().kid, "typ": "JWT"}
    assert claims == {
        "iss": "dnft",
        "aud": "freeside",
        "sub": "h-42",
        "iat": now,
        "exp": now + 120,
        "jti": "00000000-0000-4000-8000-000000000001",
        "tenant_id": "t-1",
        "tier": "pro",
        "req_hash": f"sha256:{sha256(body).hexdigest()}",
    }


def test_token_is_another_one_each_time() -> None:
    signer = credentials()
    claims = [verified(signer.token(b""), KEY.public_key())[1] for _ in range(20)]
    assert len({claim["jti"] for claim in claims}) == 20


def test_token_says_service_when_nobody_asks_and_the_channel_when_wanted() -> None:
    assert verified(credentials(subject="dnft-web").token(b""), KEY.public_key())[1]["sub"] == "dnft-web"
    wanting = credentials(channel_claim=True)
    assert verified(wanting.token(b"", channel="c-1"), KEY.public_key())[1]["channel_id"] == "c-1"
    assert "channel_id" not in verified(wanting.token(b""), KEY.public_key())[1]


def test_token_of_another_key_does_not_verify() -> None:
    other = ec.derive_private_key(0xBEEF, ec.SECP256R1())
    with pytest.raises(InvalidSignature):
        verified(credentials().token(b""), other.public_key())


def test_token_signature_has_both_halves_at_full_length() -> None:
    # One in 128 signatures has a half that starts with a zero byte; cutting that off is the classic mistake.
    signer = credentials()
    assert {len(part(signer.token(b"").split(".")[2])) for _ in range(600)} == {64}


def test_kid_is_the_hash_of_the_public_key() -> None:
    der = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert credentials().kid == sha256(der).hexdigest()[:8]


def test_jwk_leads_back_to_the_key() -> None:
    found = read_keys(json.dumps({"keys": [credentials().jwk()]}).encode())
    assert {kid: key.kid for kid, key in found.items()} == {credentials().kid: credentials().kid}


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_keys_in_both_usual_forms_and_with_a_password_open(form: PrivateFormat) -> None:
    locked = KEY.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"pass"))
    assert credentials(KEY.private_bytes(Encoding.PEM, form, NoEncryption())).kid == credentials().kid
    assert credentials(locked, b"pass").kid == credentials().kid


def test_keys_that_cannot_sign_are_refused_without_a_word_of_them() -> None:
    other_curve = ec.generate_private_key(ec.SECP384R1())
    other_kind = ed25519.Ed25519PrivateKey.generate()
    pkcs8 = (Encoding.PEM, PrivateFormat.PKCS8)
    locked = KEY.private_bytes(*pkcs8, BestAvailableEncryption(b"pass"))
    cases = [
        (other_curve.private_bytes(*pkcs8, NoEncryption()), None),
        (other_kind.private_bytes(*pkcs8, NoEncryption()), None),
        (KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), None),
        (b"s3cret rubbish", None),
        (b"", None),
        (locked, None),
        (locked, b"s3cret guess"),
        (PEM[:80], None),
    ]
    for pem, password in cases:
        with pytest.raises(ConfigurationError) as caught:
            credentials(pem, password)
        assert "s3cret" not in str(caught.value) and "BEGIN" not in str(caught.value)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": ""},
        {"audience": ""},
        {"tenant": ""},
        {"subject": ""},
        {"issuer": "é" * 257},
        {"life": 0},
        {"life": 601},
    ],
)
def test_options_that_no_verifier_takes_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        credentials(**changes)


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        credentials(b"", issuer="", life=0)
    assert len(caught.value.problems) == 3


def test_api_key_goes_where_it_is_wanted() -> None:
    assert ApiKey("s3cret").headers(b"", holder="h", channel="c") == {"authorization": "Bearer s3cret"}
    assert ApiKey("s3cret", header="Api-Key").headers(b"", holder="", channel="") == {"api-key": "s3cret"}


@pytest.mark.parametrize("key", ["", "s3cret\r\nx: y", "s3cret key", "s3crét"])
def test_api_key_that_no_header_carries_is_refused_without_a_word_of_it(key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ApiKey(key)
    assert "s3cr" not in str(caught.value)


def test_credentials_do_not_show_or_give_away_their_key() -> None:
    number = str(KEY.private_numbers().private_value)
    for one in (ApiKey("s3cret"), credentials()):
        assert "s3cret" not in repr(one) and "BEGIN" not in repr(one) and number not in repr(one)
        assert not hasattr(one, "__dict__")
        for copying in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="can not be pickled or copied"):
                copying(one)
