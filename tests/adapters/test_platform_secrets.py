"""What the adapters of the agent platform never tell."""

import logging
import ssl
import traceback
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.adapters.platform_auth import ApiKey
from app.adapters.platform_clients import HttpOptions
from app.adapters.platform_gateway import GatewayOptions, GatewayPlatform
from app.errors import ConfigurationError, DnftError, PlatformUnavailable
from tests.adapters.gateways import ASK, BEGUN, GOOD, collect, gateway
from tests.adapters.wire import NOW, Wire, frame, reply, sse


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as made:
        yield made


# --- secrets


@pytest.mark.parametrize(
    "url", ["", "nowhere", "ftp://h/s3cret", "http://user:s3cret@h/", "http://", "http://h/#s3cret", "http://h:s3cret/"]
)
def test_base_url_that_is_none_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        gateway(url)
    assert "s3cret" not in str(caught.value) and caught.value.__suppress_context__ is (
        caught.value.__context__ is not None
    )


def test_base_url_keeps_its_path_and_query(wire: Wire) -> None:
    wire.play(GOOD)
    gateway(f"{wire.url}/tenant%20a/?key=s3cret").invoke(ASK)
    assert wire.requests[0].target == "/tenant%20a/api/agents/invoke?key=s3cret"


def test_no_secret_is_ever_told(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    """Keys in the URL, in the header and in what the platform answers; through success and every kind of failure."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "httpcore")  # at DEBUG it prints what the other side sends, whatever that is
    told: list[str] = []
    echo = {"error": {"code": "INVALID_REQUEST", "message": "key s3cret for Grüße"}}
    for steps in (
        (GOOD,),
        (reply(400, echo),),
        (reply(401, echo, {"x-trace-id": "s3cret!", "x-ratelimit-policy": "s3cret"}),),
        (reply(302, b"", {"location": "http://h/s3cret"}),),
        (reply(500, b"s3cret"),),
        (b"s3cret s3cret s3cret\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\ns3cret header: s3cret\r\n\r\n",),
        (sse(BEGUN, b"event: content\ndata: s3cret\n\n"),),
        (sse(BEGUN, frame(3, "error", {"code": "s3cret-", "message": "s3cret"})),),
        (b"",),
    ):
        platform = gateway(f"{wire.url}/s3cret?key=s3cret", ApiKey("s3cret"))
        told.append(repr(platform))
        for asked in (GatewayPlatform.invoke, collect):
            wire.play(*steps, times=3)
            try:
                told.append(str(asked(platform, ASK)))
            except DnftError as error:
                told += [error.message, error.hint, repr(error), "".join(traceback.format_exception(error))]
            wire._scripts.clear()
    http = HttpOptions("http://h/s3cret")
    told += [repr(http), repr(GatewayOptions(http)), caplog.text]
    assert len(told) > 60 and "/s3cret" in wire.requests[0].target
    assert [text for text in told if "s3cret" in text or "Grüße" in text] == []


def test_certificate_that_nobody_vouches_for_gets_no_key(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW - timedelta(days=1), NOW + timedelta(days=9999))
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = made.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
    file = tmp_path / "server.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    with Wire(tls=server) as wire:
        wire.play(GOOD, times=9)
        for asked in (GatewayPlatform.invoke, collect):
            platform = gateway(wire.url.replace("http:", "https:"))
            with pytest.raises(PlatformUnavailable, match="can not be reached"):
                asked(platform, ASK)
        assert wire.requests == []
