"""Tokens: what a key of ours signed is read back, by us and by others; everything else is refused alike."""

import base64
import copy
import hashlib
import json
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from app.errors import DnftError, Unauthorized
from app.provenance.jwt import LEEWAY, MAX_TOKEN, SigningKey, VerifyingKey, encode, jwks, verify

KEY, OTHER = SigningKey.generate(), SigningKey.generate()
NOW = 1_700_000_000
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
CLAIMS: dict[str, Any] = {
    "iss": "https://agents.example",
    "aud": "https://agents.example",
    "sub": "eip155:1:0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
    "iat": NOW,
    "exp": NOW + 900,
    "jti": "a1",
}


def read(token: str, *, now: int = NOW, keys: tuple[SigningKey, ...] = (KEY,)) -> dict[str, Any]:
    known = {key.kid: key.public for key in keys}
    return verify(token, known.get, issuer=CLAIMS["iss"], audience=CLAIMS["aud"], now=now)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def crafted(header: bytes | dict[str, Any] | None = None, claims: bytes | dict[str, Any] | None = None) -> str:
    """A token that KEY really signed, with any header and claims."""
    parts = [{"alg": "ES256", "kid": KEY.kid, "typ": "JWT"} if header is None else header, claims or CLAIMS]
    signed = ".".join(b64(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in parts)
    return f"{signed}.{b64(KEY.sign(signed.encode()))}"


# --- there and back ---------------------------------------------------------------------------------------------------


def test_verify_of_encode_is_the_claims() -> None:
    assert read(encode(CLAIMS, KEY)) == CLAIMS
    assert read(crafted()) == CLAIMS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64) | st.text(max_size=8),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_verify_of_encode_keeps_claims_of_any_kind(more: dict[str, Any]) -> None:
    assert read(encode({**more, **CLAIMS}, KEY)) == {**more, **CLAIMS}


def test_encode_has_one_shape() -> None:
    first, second = (encode(CLAIMS, KEY).split(".") for _ in range(2))
    assert first[:2] == second[:2]
    assert first[2] != second[2], "ECDSA is salted"
    assert json.loads(unb64(first[0])) == {"alg": "ES256", "kid": KEY.kid, "typ": "JWT"}
    assert all(len(unb64(encode(CLAIMS, KEY).split(".")[2])) == 64 for _ in range(300))  # leading zeros stay


def test_encode_of_too_much_is_refused() -> None:
    with pytest.raises(ValueError, match="4096"):
        encode({**CLAIMS, "more": "x" * MAX_TOKEN}, KEY)


@pytest.mark.parametrize("half", ["low", "high"])
def test_verify_takes_s_in_either_half(half: str) -> None:
    head, body, signature = encode(CLAIMS, KEY).split(".")
    r, s = unb64(signature)[:32], int.from_bytes(unb64(signature)[32:], "big")
    s = min(s, ORDER - s) if half == "low" else max(s, ORDER - s)
    assert read(f"{head}.{body}.{b64(r + s.to_bytes(32, 'big'))}") == CLAIMS


def test_verify_finds_the_key_by_its_kid() -> None:
    assert read(encode(CLAIMS, OTHER), keys=(KEY, OTHER)) == CLAIMS
    with pytest.raises(Unauthorized):
        read(encode(CLAIMS, OTHER), keys=(KEY,))


def test_verify_against_the_key_of_another_kid() -> None:
    with pytest.raises(Unauthorized):
        verify(encode(CLAIMS, OTHER), lambda _: KEY.public, issuer=CLAIMS["iss"], audience=CLAIMS["aud"], now=NOW)


# --- time -------------------------------------------------------------------------------------------------------------


def test_verify_holds_until_the_second_it_ends() -> None:
    token = encode(CLAIMS, KEY)
    assert read(token, now=NOW + 899) == CLAIMS
    with pytest.raises(Unauthorized, match="ended"):
        read(token, now=NOW + 900)


def test_verify_of_a_token_from_the_future_allows_for_clocks() -> None:
    token = encode(CLAIMS, KEY)
    assert read(token, now=NOW - LEEWAY) == CLAIMS
    with pytest.raises(Unauthorized):
        read(token, now=NOW - LEEWAY - 1)


# --- refused, all alike -----------------------------------------------------------------------------------------------


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in CLAIMS.items() if key != name}


def parts(change: Callable[[str, str, str], tuple[str, ...]]) -> Callable[[], str]:
    return lambda: ".".join(change(*encode(CLAIMS, KEY).split(".")))


def headed(**changes: Any) -> Callable[[], str]:
    return lambda: crafted({"alg": "ES256", "kid": KEY.kid, "typ": "JWT", **changes})


def der(head: str, body: str, signature: str) -> tuple[str, ...]:
    raw = unb64(signature)
    return head, body, b64(encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")))


def spare_bits(head: str, body: str, signature: str) -> tuple[str, ...]:
    """64 bytes leave four bits of the last character unused."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return head, body, signature[:-1] + alphabet[alphabet.index(signature[-1]) + 1]


def none_token() -> str:
    return (
        f"{b64(json.dumps({'alg': 'none', 'kid': KEY.kid, 'typ': 'JWT'}).encode())}.{b64(json.dumps(CLAIMS).encode())}."
    )


def hmac_with_the_public_key() -> str:
    import hmac

    signed = (
        f"{b64(json.dumps({'alg': 'HS256', 'kid': KEY.kid, 'typ': 'JWT'}).encode())}.{b64(json.dumps(CLAIMS).encode())}"
    )
    secret = json.dumps(KEY.public.jwk()).encode()
    return f"{signed}.{b64(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


BAD: dict[str, Callable[[], str]] = {
    "empty": lambda: "",
    "no parts": lambda: "abc",
    "two dots": lambda: "..",
    "four parts": parts(lambda head, body, signature: (head, body, signature, "")),
    "two parts": parts(lambda head, body, signature: (head, body)),
    "no signature": parts(lambda head, body, signature: (head, body, "")),
    "no claims": parts(lambda head, body, signature: (head, "", signature)),
    "a space": parts(lambda head, body, signature: (head, body, signature + " ")),
    "a line break": parts(lambda head, body, signature: (head, body, signature + "\n")),
    "padding": parts(lambda head, body, signature: (head, body, signature + "==")),
    "spare bits": parts(spare_bits),
    "the other alphabet": parts(lambda head, body, signature: (head, body, "+/" + signature[2:])),
    "not ASCII": parts(lambda head, body, signature: (head, body, "é" + signature[1:])),
    "another length of base64": parts(lambda head, body, signature: (head, body, signature[:85])),
    "a signature of 63 bytes": parts(lambda head, body, signature: (head, body, b64(unb64(signature)[:-1]))),
    "a signature of 65 bytes": parts(lambda head, body, signature: (head, body, b64(unb64(signature) + b"\0"))),
    "a signature of zeros": parts(lambda head, body, signature: (head, body, b64(bytes(64)))),
    "a signature of ones": parts(lambda head, body, signature: (head, body, b64(b"\xff" * 64))),
    "a signature in DER": parts(der),
    "another signature": parts(lambda head, body, signature: (head, body, encode(CLAIMS, OTHER).split(".")[2])),
    "other claims": parts(
        lambda head, body, signature: (head, b64(json.dumps({**CLAIMS, "sub": "me"}).encode()), signature)
    ),
    "alg none": none_token,
    "alg None, signed": headed(alg="None"),
    "alg HS256": hmac_with_the_public_key,
    "alg HS256, signed": headed(alg="HS256"),
    "alg es256": headed(alg="es256"),
    "alg ES256K": headed(alg="ES256K"),
    "alg a list": headed(alg=["ES256"]),
    "no alg": lambda: crafted({"kid": KEY.kid, "typ": "JWT"}),
    "no kid": lambda: crafted({"alg": "ES256", "typ": "JWT"}),
    "no typ": lambda: crafted({"alg": "ES256", "kid": KEY.kid}),
    "typ at+jwt": headed(typ="at+jwt"),
    "kid a number": headed(kid=1),
    "kid a path": headed(kid="../../k"),
    "kid in capitals": headed(kid=KEY.kid.upper() + " "),
    "kid of nobody": headed(kid="00000000"),
    "its own key": headed(jwk=KEY.public.jwk()),
    "a key from elsewhere": headed(jku="https://evil.example/jwks.json"),
    "crit": headed(crit=["exp"]),
    "b64": headed(b64=False),
    "header twice the alg": lambda: crafted(
        b'{"alg":"none","alg":"ES256","kid":"' + KEY.kid.encode() + b'","typ":"JWT"}'
    ),
    "header no object": lambda: crafted(b'["alg"]'),
    "header no JSON": lambda: crafted(b"alg"),
    "claims no object": lambda: crafted(None, b"[]"),
    "claims no JSON": lambda: crafted(None, b"{"),
    "claims no UTF-8": lambda: crafted(None, b'{"iss":"\xff"}'),
    "claims twice the sub": lambda: crafted(None, json.dumps(CLAIMS).encode()[:-1] + b',"sub":"me"}'),
    "claims nested twice the same": lambda: crafted(None, json.dumps(CLAIMS).encode()[:-1] + b',"x":{"a":1,"a":2}}'),
    "claims too deep": lambda: crafted(None, b"[" * 2900),
    "claims with NaN": lambda: crafted(None, {**CLAIMS, "x": float("nan")}),
    "claims with a float": lambda: crafted(None, {**CLAIMS, "exp": NOW + 900.5}),
    "exp a text": lambda: crafted(None, {**CLAIMS, "exp": str(NOW + 900)}),
    "exp true": lambda: crafted(None, {**CLAIMS, "exp": True}),
    "exp null": lambda: crafted(None, {**CLAIMS, "exp": None}),
    "iat a text": lambda: crafted(None, {**CLAIMS, "iat": "now"}),
    "iat in the future": lambda: crafted(None, {**CLAIMS, "iat": NOW + LEEWAY + 1}),
    "another issuer": lambda: crafted(None, {**CLAIMS, "iss": "https://evil.example"}),
    "another audience": lambda: crafted(None, {**CLAIMS, "aud": "loa-finn"}),
    "several audiences": lambda: crafted(None, {**CLAIMS, "aud": [CLAIMS["aud"]]}),
    "sub a number": lambda: crafted(None, {**CLAIMS, "sub": 7}),
    **{f"no {name}": partial(lambda name: crafted(None, without(name)), name) for name in CLAIMS},
    "too long": lambda: crafted(None, {**CLAIMS, "x": "x" * MAX_TOKEN}),
}


@pytest.mark.parametrize("name", BAD)
def test_verify_refuses_and_tells_nothing(name: str) -> None:
    with pytest.raises(Unauthorized) as caught:
        read(BAD[name]())
    assert caught.value.message == "The session token is not valid."


@given(st.text(max_size=80) | st.text(st.sampled_from("abcXYZ019-_.="), max_size=200))
def test_verify_of_any_text_raises_nothing_else(text: str) -> None:
    with pytest.raises(Unauthorized):
        read(text)


@given(st.integers(0), st.integers(0, 127))
def test_verify_of_a_token_with_one_other_character_is_refused(at: int, code: int) -> None:
    token = encode(CLAIMS, KEY)
    place = at % len(token)
    if token[place] != chr(code):
        with pytest.raises(Unauthorized):
            read(token[:place] + chr(code) + token[place + 1 :])


# --- keys -------------------------------------------------------------------------------------------------------------


def test_jwks_is_what_others_verify_with() -> None:
    """By the letter of RFC 7518, section 6.2, with nothing of ours."""
    document = json.loads(json.dumps(jwks([KEY.public, OTHER.public])))
    assert [sorted(key) for key in document["keys"]] == [["alg", "crv", "kid", "kty", "use", "x", "y"]] * 2
    head, body, signature = encode(CLAIMS, KEY).split(".")
    found = next(key for key in document["keys"] if key["kid"] == json.loads(unb64(head))["kid"])
    assert (found["kty"], found["crv"], found["use"], found["alg"]) == ("EC", "P-256", "sig", "ES256")
    x, y = (int.from_bytes(unb64(found[name]), "big") for name in "xy")
    assert len(unb64(found["x"])) == len(unb64(found["y"])) == 32
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    raw = unb64(signature)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    public.verify(encode_dss_signature(r, s), f"{head}.{body}".encode(), ec.ECDSA(SHA256()))  # raises when it does not
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert found["kid"] == hashlib.sha256(spki).hexdigest()[:8] == VerifyingKey(public).kid


def test_jwk_coordinates_have_32_bytes_even_with_leading_zeros() -> None:
    key = next(key for key in iter(SigningKey.generate, None) if unb64(key.public.jwk()["x"])[0] == 0)
    assert len(unb64(key.public.jwk()["x"])) == 32
    assert read(encode(CLAIMS, key), keys=(key,)) == CLAIMS


SEALING, NONCE = bytes(range(32)), bytes(12)


def test_unseal_of_seal_is_the_same_key() -> None:
    sealed = KEY.seal(SEALING, NONCE, b"here")
    again = SigningKey.unseal(sealed, SEALING, b"here")
    assert again.kid == KEY.kid
    assert read(encode(CLAIMS, again)) == CLAIMS
    assert sealed.startswith(NONCE)
    assert len(sealed) < 200


def test_unseal_of_anything_changed_is_refused() -> None:
    sealed = KEY.seal(SEALING, NONCE, b"here")
    changed = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed))]
    cases = [(data, SEALING, b"here") for data in [*changed, sealed[:-1], sealed + b"\0", b"", NONCE]]
    cases += [(sealed, bytes(32), b"here"), (sealed, SEALING, b"there")]
    for data, key, context in cases:
        with pytest.raises(DnftError) as caught:
            SigningKey.unseal(data, key, context)
        assert "the secret it was sealed under" in caught.value.hint


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)])
def test_unseal_of_another_kind_of_key_is_refused(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(DnftError):
        SigningKey.unseal(NONCE + AESGCM(SEALING).encrypt(NONCE, plain, b"here"), SEALING, b"here")


@pytest.mark.parametrize(
    ("sealing", "nonce"), [(bytes(16), NONCE), (b"", NONCE), (bytes(33), NONCE), (SEALING, bytes(11))]
)
def test_seal_takes_whole_keys_and_nonces_only(sealing: bytes, nonce: bytes) -> None:
    with pytest.raises(ValueError, match="bytes are needed"):
        KEY.seal(sealing, nonce, b"")


def test_signing_key_never_leaves() -> None:
    assert repr(KEY) == f"SigningKey({KEY.kid})"
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="pickled or copied"):
            leave(KEY)
