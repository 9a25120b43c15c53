"""Messages of EIP-4361: one text is one message and back, everything else is refused and says why."""

import dataclasses
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import DnftError, Invalid
from app.provenance.ids import checksum_address
from app.provenance.siwe import MAX_BYTES, SiweMessage, build, format_time, parse, parse_time
from app.provenance.uris import is_authority, is_uri, origin_of

ADDRESS = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
# The examples of EIP-4361 itself.
EXAMPLE = f"""\
example.com wants you to sign in with your Ethereum account:
{ADDRESS}

I accept the ExampleOrg Terms of Service: https://example.com/tos

URI: https://example.com/login
Version: 1
Chain ID: 1
Nonce: 32891756
Issued At: 2021-09-30T16:25:24Z
Resources:
- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/
- https://example.com/my-web2-claim.json"""
WHOLE = f"""\
https://me@example.com:3388 wants you to sign in with your Ethereum account:
{ADDRESS}

I accept.

URI: https://example.com:3388/login?a=b#c
Version: 1
Chain ID: 8453
Nonce: 32891756abcXYZ
Issued At: 2021-09-30T16:25:24.123+02:00
Expiration Time: 2021-09-30t16:30:24z
Not Before: 2021-09-30T16:25:24-00:00
Request ID: some_id%20:@!
Resources:
- eip155:8453/erc721:{ADDRESS}/123"""
MINIMAL = SiweMessage(
    domain="example.com",
    address=ADDRESS,
    uri="https://example.com",
    chain_id=1,
    nonce="32891756",
    issued_at="2021-09-30T16:25:24Z",
)

# --- strategies: every message the grammar has ------------------------------------------------------------------------

PLAIN = "abcXYZ019-._~!$&'()*+,;=:/?#[]@ "
PCHAR = st.text(st.sampled_from("abZ09-._~!$&'()*+,;=:@"), max_size=8) | st.sampled_from(["%20", "%fF", "a%00b"])
HOST = st.sampled_from(
    ["example.com", "a", "127.0.0.1", "[::1]", "[2001:db8::7]", "[::ffff:1.2.3.4]", "[v1f.x:y]", "%41b", "not_a.dns"]
)
AUTHORITY = st.builds(
    lambda user, host, port: user + host + port,
    st.sampled_from(["", "me@", "me:pw@", ":@", "%40@"]),
    HOST,
    st.sampled_from(["", ":", ":80", ":3388"]),
)
SCHEME = st.sampled_from(["https", "http", "ipfs", "a", "x-Y+z.1"])
PATH = st.lists(PCHAR, max_size=3).map(lambda segments: "".join(f"/{segment}" for segment in segments))
TAIL = st.builds(
    lambda query, fragment: query + fragment,
    st.none().map(lambda _: "") | PCHAR.map(lambda text: f"?{text}/?"),
    st.none().map(lambda _: "") | PCHAR.map(lambda text: f"#{text}?/"),
)
URI = st.builds(lambda s, a, p, t: f"{s}://{a}{p}{t}", SCHEME, AUTHORITY | st.just(""), PATH, TAIL) | st.builds(
    lambda s, p, t: f"{s}:{p}{t}", SCHEME, st.sampled_from(["", "/", "/a//b", "a/b", "8453/erc721:0x1/2"]), TAIL
)
MOMENT = st.integers(-(2**31), 2**37).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
TIME = st.builds(
    lambda moment, t, fraction, zone: moment.strftime(f"%Y-%m-%d{t}%H:%M:%S{fraction}{zone}"),
    MOMENT,
    st.sampled_from("Tt"),
    st.sampled_from(["", ".0", ".123", ".123456789012"]),
    st.sampled_from(["Z", "z", "+00:00", "-00:00", "+05:45", "-23:59"]),
)
MESSAGE = st.builds(
    SiweMessage,
    domain=AUTHORITY,
    address=st.binary(min_size=20, max_size=20).map(lambda raw: checksum_address("0x" + raw.hex())),
    uri=URI,
    chain_id=st.integers(1, 10**16 - 1),
    nonce=st.text(st.sampled_from("abcXYZ0189"), min_size=8, max_size=40),
    issued_at=TIME,
    scheme=st.none() | SCHEME,
    statement=st.none() | st.text(st.sampled_from(PLAIN), max_size=60) | st.just("URI: https://example.com"),
    expiration_time=st.none() | TIME,
    not_before=st.none() | TIME,
    request_id=st.none() | PCHAR,
    resources=st.none() | st.lists(URI, max_size=4).map(tuple),
)


# --- there and back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [EXAMPLE, EXAMPLE.replace("e.com w", "e.com:3388 w"), "https://" + EXAMPLE, WHOLE], ids=range(4)
)
def test_build_of_parse_is_the_same_text(text: str) -> None:
    assert build(parse(text)) == text


def test_parse_reads_every_field() -> None:
    assert parse(WHOLE) == SiweMessage(
        scheme="https",
        domain="me@example.com:3388",
        address=ADDRESS,
        statement="I accept.",
        uri="https://example.com:3388/login?a=b#c",
        version="1",
        chain_id=8453,
        nonce="32891756abcXYZ",
        issued_at="2021-09-30T16:25:24.123+02:00",
        expiration_time="2021-09-30t16:30:24z",
        not_before="2021-09-30T16:25:24-00:00",
        request_id="some_id%20:@!",
        resources=(f"eip155:8453/erc721:{ADDRESS}/123",),
    )


@given(MESSAGE)
def test_parse_of_build_is_the_same_message(message: SiweMessage) -> None:
    text = build(message)
    assert parse(text) == message
    assert text.isascii()


def test_nothing_and_empty_are_told_apart() -> None:
    changes: list[dict[str, object]] = [
        {},
        {"statement": ""},
        {"request_id": ""},
        {"resources": ()},
        {"statement": "", "request_id": "", "resources": ()},
    ]
    texts = {build(dataclasses.replace(MINIMAL, **change)) for change in changes}  # type: ignore[arg-type]  # fields by name
    assert len(texts) == len(changes)
    for change in changes:
        message = dataclasses.replace(MINIMAL, **change)  # type: ignore[arg-type]  # fields by name
        assert parse(build(message)) == message


def test_build_without_statement_leaves_two_empty_lines() -> None:
    assert f"{ADDRESS}\n\n\nURI: " in build(MINIMAL)
    assert f"{ADDRESS}\n\n\n\nURI: " in build(dataclasses.replace(MINIMAL, statement=""))


def test_statement_cannot_pass_for_a_field() -> None:
    message = dataclasses.replace(MINIMAL, statement="URI: https://evil.example")
    assert parse(build(message)) == message


# --- refused ----------------------------------------------------------------------------------------------------------


def swap(old: str, new: str) -> Callable[[], str]:
    assert WHOLE.count(old) == 1, old
    return lambda: WHOLE.replace(old, new)


REFUSED: dict[str, tuple[Callable[[], str], str]] = {
    "empty": (lambda: "", "line 1"),
    "one byte too long": (lambda: WHOLE + "\n- a:" + "a" * (MAX_BYTES - len(WHOLE) - 4), "longer than 4096"),
    "much too long": (lambda: WHOLE + "\n- a:" + "a" * 10**6, "longer than 4096"),
    "not ASCII": (swap("I accept.", "I accépt."), "ASCII"),
    "a homoglyph in the domain": (swap("@example", "@ехample"), "ASCII"),
    "a digit that is none of ours": (swap("8453\n", "٨٤٥٣\n"), "ASCII"),
    "CRLF": (lambda: WHOLE.replace("\n", "\r\n"), "CR"),
    "a CR": (swap("accept.", "accept.\r"), "CR"),
    "a line break at the end": (lambda: WHOLE + "\n", "resource"),
    "a line break at the beginning": (lambda: "\n" + WHOLE, "line 1"),
    "a space at the end of the first line": (swap("account:\n", "account: \n"), "line 1"),
    "another preamble": (swap("wants you", "Wants you"), "line 1"),
    "two spaces after the domain": (swap("3388 wants", "3388  wants"), "domain"),
    "no domain": (swap("me@example.com:3388 wants", " wants"), "domain"),
    "no host": (swap("me@example.com:3388 wants", "me@ wants"), "domain"),
    "a path in the domain": (swap("3388 wants", "3388/ wants"), "domain"),
    "a port that is none": (swap("3388 wants", "33x wants"), "domain"),
    "brackets without an address": (swap("me@example.com:3388 wants", "[::g] wants"), "domain"),
    "an IPv6 address too long": (swap("me@example.com:3388 wants", "[1:2:3:4:5:6:7:8:9] wants"), "domain"),
    "a scheme that is none": (swap("https://me", "1http://me"), "scheme"),
    "an empty scheme": (swap("https://me", "://me"), "scheme"),
    "two schemes": (swap("https://me", "https://http://me"), "scheme"),
    "no address": (lambda: WHOLE.replace(f"account:\n{ADDRESS}\n", "account:\n\n"), "address"),
    "the address in lower case": (lambda: WHOLE.replace(f":\n{ADDRESS}\n", f":\n{ADDRESS.lower()}\n"), "EIP-55"),
    "the address in upper case": (lambda: WHOLE.replace(f":\n{ADDRESS}\n", f":\n0x{ADDRESS[2:].upper()}\n"), "EIP-55"),
    "one letter of another case": (lambda: WHOLE.replace(f":\n{ADDRESS}\n", f":\n0xc{ADDRESS[3:]}\n"), "EIP-55"),
    "0X": (lambda: WHOLE.replace(f":\n{ADDRESS}\n", f":\n0X{ADDRESS[2:]}\n"), "address"),
    "an address too short": (lambda: WHOLE.replace(f":\n{ADDRESS}\n", f":\n{ADDRESS[:-1]}\n"), "address"),
    "an address too long": (lambda: WHOLE.replace(f":\n{ADDRESS}\n", f":\n{ADDRESS}0\n"), "address"),
    "no empty line after the address": (lambda: WHOLE.replace(f":\n{ADDRESS}\n\n", f":\n{ADDRESS}\n"), "line 3"),
    "a statement of two lines": (swap("I accept.", "I accept.\nAll."), "line 5"),
    "a statement with a quote": (swap("I accept.", 'I "accept".'), "statement"),
    "a statement with a percent": (swap("I accept.", "I accept 100%."), "statement"),
    "a statement with a tab": (swap("I accept.", "I\taccept."), "statement"),
    "a statement with a NUL": (swap("I accept.", "I\0accept."), "statement"),
    "an extra empty line": (swap("I accept.\n\n", "I accept.\n\n\n"), "“URI: …”"),
    "no URI": (swap("URI: https://example.com:3388/login?a=b#c\n", ""), "“URI: …”"),
    "an empty URI": (swap("https://example.com:3388/login?a=b#c", ""), "URI"),
    "a relative URI": (swap("https://example.com:3388/login?a=b#c", "/login"), "URI"),
    "a URI with a space": (swap("login?", "lo gin?"), "URI"),
    "a URI with half an escape": (swap("login?", "lo%2gin?"), "URI"),
    "a URI with two fragments": (swap("#c", "#c#d"), "URI"),
    "a URI of a bad IPv6 address": (swap("https://example.com:3388/", "https://[::0.0.0.256]/"), "URI"),
    "version 2": (swap("Version: 1", "Version: 2"), "version"),
    "version 1.0": (swap("Version: 1", "Version: 1.0"), "version"),
    "no version": (swap("Version: 1\n", ""), "“Version: …”"),
    "a field in lower case": (swap("Chain ID", "chain id"), "“Chain ID: …”"),
    "a field without its space": (swap("Nonce: ", "Nonce:"), "“Nonce: …”"),
    "a space before a field": (swap("Nonce: ", " Nonce: "), "“Nonce: …”"),
    "a field twice": (swap("Nonce: 3", "Nonce: 3\nNonce: 3"), "Issued At"),
    "chain 0": (swap("8453\n", "0\n"), "chain id"),
    "chain 01": (swap("8453\n", "08453\n"), "chain id"),
    "chain -1": (swap("8453\n", "-1\n"), "chain id"),
    "chain 0x1": (swap("8453\n", "0x1\n"), "chain id"),
    "a chain id beyond 16 digits": (swap("8453\n", "10000000000000000\n"), "chain id"),
    "a nonce of seven": (swap("32891756abcXYZ", "3289175"), "nonce"),
    "a nonce with a dash": (swap("32891756abcXYZ", "3289-1756"), "nonce"),
    "no issued at": (swap("Issued At: 2021-09-30T16:25:24.123+02:00\n", ""), "Issued At"),
    "a time of another form": (swap("2021-09-30T16:25:24.123+02:00", "Wed Oct 05 2011 16:48:00 GMT+0200"), "RFC 3339"),
    "a time without a zone": (swap(".123+02:00", ""), "RFC 3339"),
    "a space in the time": (swap("2021-09-30T16:25:24.123", "2021-09-30 16:25:24.123"), "RFC 3339"),
    "the 31st of September": (swap("2021-09-30t", "2021-09-31t"), "does not exist"),
    "the 29th of February 2021": (swap("2021-09-30t", "2021-02-29t"), "does not exist"),
    "24 o'clock": (swap("t16:30", "t24:00"), "does not exist"),
    "second 61": (swap("t16:30:24", "t23:59:61"), "does not exist"),
    "a leap second at noon": (swap("t16:30:24", "t11:59:60"), "does not exist"),
    "an offset of a day": (swap("+02:00", "+24:00"), "does not exist"),
    "year 0": (swap("2021-09-30t", "0000-09-30t"), "does not exist"),
    "before the first day": (swap("2021-09-30t16:30:24z", "0001-01-01T00:00:00+00:01"), "does not exist"),
    "after the last day": (swap("2021-09-30t16:30:24z", "9999-12-31T23:59:60Z"), "does not exist"),
    "not before ahead of the expiration": (
        lambda: "\n".join([*(rows := WHOLE.split("\n"))[:10], rows[11], rows[10], *rows[12:]]),
        "line 12",
    ),
    "a request id with a slash": (swap("some_id", "some/id"), "request id"),
    "a request id with a space": (swap("some_id", "some id"), "request id"),
    "Resources with a text behind": (swap("Resources:", "Resources: none"), "line 14"),
    "a resource without a dash": (swap("- eip155", "eip155"), "line 15"),
    "a resource that is no URI": (swap("- eip155:", "- "), "resource 1"),
    "two resources on one line": (swap("/123", "/123 - https://example.com"), "resource 1"),
    "an unknown field": (swap("Resources:", "Scope: all\nResources:"), "line 14"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_parse_refuses_and_says_why(name: str) -> None:
    text, why = REFUSED[name]
    with pytest.raises(Invalid) as caught:
        parse(text())
    assert why in caught.value.message
    assert caught.value.status == 400
    assert len(caught.value.message) < 250


@pytest.mark.parametrize("count", range(len(WHOLE.split("\n"))))
def test_parse_of_a_message_cut_short_is_refused_or_whole(count: int) -> None:
    """Lines may only be missing from where the optional ones begin."""
    text = "\n".join(WHOLE.split("\n")[:count])
    if count < 10:
        with pytest.raises(Invalid):
            parse(text)
    else:
        assert build(parse(text)) == text


@pytest.mark.parametrize(
    "change",
    [
        {"domain": "example.com\n"},
        {"domain": ""},
        {"address": ADDRESS.lower()},
        {"statement": "two\nlines"},
        {"statement": "line\n"},
        {"uri": "https://example.com\n"},
        {"chain_id": 0},
        {"chain_id": True},
        {"chain_id": 10**16},
        {"nonce": "12345678\n"},
        {"nonce": "short"},
        {"issued_at": "2021-09-30T16:25:24Z\n"},
        {"expiration_time": ""},
        {"not_before": "tomorrow"},
        {"request_id": "a\nb"},
        {"resources": ("https://example.com", "not a uri")},
        {"scheme": ""},
        {"version": "2"},
    ],
    ids=str,
)
def test_message_that_could_not_be_parsed_cannot_be_made(change: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        dataclasses.replace(MINIMAL, **change)  # type: ignore[arg-type]  # wrong on purpose


def test_build_is_bounded_like_parse() -> None:
    room = MAX_BYTES - len(build(dataclasses.replace(MINIMAL, statement="")))
    largest = dataclasses.replace(MINIMAL, statement="x" * room)
    assert len(build(largest)) == MAX_BYTES
    assert parse(build(largest)) == largest
    with pytest.raises(Invalid, match="longer"):
        build(dataclasses.replace(MINIMAL, statement="x" * (room + 1)))


# --- whatever comes ---------------------------------------------------------------------------------------------------


@given(st.text(max_size=300) | st.text(st.sampled_from("\n: -aZ0.Rt"), max_size=300))
def test_parse_of_any_text_raises_nothing_else(text: str) -> None:
    same_or_refused(text)


def same_or_refused(text: str) -> bool:
    """Whether it was read; then it is, to the byte, what would be written."""
    try:
        message = parse(text)
    except DnftError:
        return False
    assert build(message) == text
    return True


def mutated(text: str, chance: random.Random) -> str:
    """One to three changes that an attacker, a bad client or a bad line could make."""
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(text) + 1)
        rows = text.split("\n")
        match chance.randrange(7):
            case 0:
                text = text[:at] + chr(chance.choice([*range(128), 0x80, 0xFF, 0x2028, 0x0660, 0x1F600])) + text[at:]
            case 1:
                text = text[:at] + text[at + chance.randint(1, 9) :]
            case 2:
                text = text[:at] + chr(chance.randrange(128)) + text[at + 1 :]
            case 3:
                first, second = chance.randrange(len(rows)), chance.randrange(len(rows))
                rows[first], rows[second] = rows[second], rows[first]
                text = "\n".join(rows)
            case 4:
                rows.insert(chance.randrange(len(rows) + 1), chance.choice(rows))
                text = "\n".join(rows)
            case 5:
                del rows[chance.randrange(len(rows))]
                text = "\n".join(rows)
            case _:
                text = text.replace(
                    *chance.choice([("\n", "\r\n"), ("https", "HTTPS"), ("0", "00"), (": ", ":"), ("/", "")])
                )
    return text


def fuzz(count: int) -> None:
    chance = random.Random(4361)
    read = sum(same_or_refused(mutated(chance.choice([EXAMPLE, WHOLE]), chance)) for _ in range(count))
    assert 0 < read < count / 2  # most changes break a message, and some make another one


def test_parse_of_500_changed_messages_raises_nothing_else() -> None:
    fuzz(500)


@pytest.mark.full
def test_parse_of_10_000_changed_messages_raises_nothing_else() -> None:
    fuzz(10_000)


@pytest.mark.parametrize(
    "line",
    ["a" * 3500, "a:" * 1700, "%41" * 1100, ":" * 3500, "@" * 3500, "a@" * 1700, "/" * 3500, "[" * 3500, "a:/" * 1100],
    ids=lambda line: line[:3],
)
def test_parse_of_the_worst_lines_takes_no_time(line: str) -> None:
    begun = time.monotonic()
    for field in ("example.com w", "URI: https://example.com/login", "Nonce: 32891756", "ExampleOrg"):
        keep = field.partition(" ")[0] + " " if ":" in field else ""
        same_or_refused(EXAMPLE.replace(field, keep + line + (" w" if field.endswith(" w") else "")))
    assert time.monotonic() - begun < 0.5


# --- times ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1985-04-12T23:20:50.52Z", datetime(1985, 4, 12, 23, 20, 50, 520_000, UTC)),  # RFC 3339, section 5.8
        ("1996-12-19T16:39:57-08:00", datetime(1996, 12, 20, 0, 39, 57, 0, UTC)),
        ("1990-12-31T23:59:60Z", datetime(1991, 1, 1, tzinfo=UTC)),
        ("1990-12-31T15:59:60-08:00", datetime(1991, 1, 1, tzinfo=UTC)),
        ("1937-01-01T12:00:27.87+00:20", datetime(1937, 1, 1, 11, 40, 27, 870_000, UTC)),
        ("2026-11-20t00:00:00.1234569z", datetime(2026, 11, 20, 0, 0, 0, 123_456, UTC)),
    ],
)
def test_parse_time_names_the_moment(text: str, moment: datetime) -> None:
    assert parse_time(text) == moment
    assert parse_time(text).utcoffset() == timedelta(0)


@given(MOMENT, st.integers(0, 999_999))
def test_format_time_is_read_back_to_the_second(moment: datetime, micros: int) -> None:
    assert parse_time(format_time(moment.replace(microsecond=micros))) == moment


# --- URIs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        ("https://example.com", "https://example.com"),
        ("HTTPS://Example.COM:443/a?b#c", "https://example.com"),
        ("http://example.com:80", "http://example.com"),
        ("http://example.com:443", "http://example.com:443"),
        ("https://example.com:", "https://example.com"),
        ("https://example.com:8443/x", "https://example.com:8443"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
        ("http://[::1]", "http://[::1]"),
        ("https://example.com@evil.example/", "https://example.com@evil.example"),
        ("https://example.com.evil.example/", "https://example.com.evil.example"),
        ("https://example.com./", "https://example.com."),
        ("https:example.com", None),
        ("https:///example.com", None),
        ("https://example.com\\@evil.example", None),
        ("https://[::g]/", None),
        ("eip155:1/erc721:0x1/2", None),
        ("//example.com", None),
        ("", None),
    ],
)
def test_origin_of_is_scheme_and_authority(uri: str, origin: str | None) -> None:
    assert origin_of(uri) == origin


@pytest.mark.parametrize(
    "uri",
    [
        # RFC 3986, section 1.1.2
        *(
            "ftp://ftp.is.co.za/rfc/rfc1808.txt",
            "ldap://[2001:db8::7]/c=GB?objectClass?one",
            "mailto:J.Doe@example.com",
        ),
        *("news:comp.infosystems.www.servers.unix", "tel:+1-816-555-1212", "telnet://192.0.2.16:80/"),
        *("urn:oasis:names:specification:docbook:dtd:xml:4.1.2", "file:///etc/hosts", "a:", "a:?", "a:#", "a://"),
    ],
)
def test_is_uri_takes_what_rfc_3986_does(uri: str) -> None:
    assert is_uri(uri)


@pytest.mark.parametrize(
    "uri",
    [
        *(
            "",
            "a",
            "/a",
            "//a",
            ":a",
            "1a:b",
            "a b:c",
            "a:b c",
            "a:b\n",
            "a:%",
            "a:%g0",
            "a:<b>",
            'a:"b"',
            "a:b|c",
            "a:^",
        ),
        *("a://[::1", "a://::1]", "a://[]", "a://[::1]x", "a://h:p", "a:[b]", "a:b#c#d", "a://[fe80::1%25eth0]", "a:ä"),
        *("a://[1:2:3:4:5::6:7:8]", "a://[::01.2.3.4]", "a://[12345::]", "a://[v.x]", "a://[1.2.3.4]", "a://u@v@h"),
    ],
)
def test_is_uri_refuses_what_rfc_3986_does_not_have(uri: str) -> None:
    assert not is_uri(uri)


@given(AUTHORITY)
def test_is_authority_takes_every_authority_with_a_host(authority: str) -> None:
    assert is_authority(authority)
    assert is_uri(f"x://{authority}")
