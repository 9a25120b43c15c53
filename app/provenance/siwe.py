"""Sign-In with Ethereum: messages of EIP-4361, read and written to the letter of its ABNF.

One text is one `SiweMessage` and back: `build(parse(text)) == text` and `parse(build(message)) == message`. So what a
wallet signed is exactly the fields that are checked, with nothing between the lines. Three things are narrower than the
ABNF: the domain has a host, the address is in EIP-55 form, and the chain id has no leading zeros.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, Literal

from app.errors import Invalid
from app.provenance.ids import checksum_address, parse_chain_id
from app.provenance.uris import is_authority, is_pchars, is_plain, is_scheme, is_uri

MAX_BYTES: Final = 4096
"""Of a whole message; wallets show it to people."""

_PREAMBLE: Final = " wants you to sign in with your Ethereum account:"
_NONCE: Final = re.compile(r"[A-Za-z0-9]{8,}")
# RFC 3339, section 5.6.
_TIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)


@dataclass(frozen=True, slots=True)
class SiweMessage:
    """The fields of EIP-4361, as written. None is a line that is not there; an empty value is an empty line.

    Making one checks every field: Invalid says which is wrong."""

    domain: str
    """RFC 3986 authority with a host."""
    address: str
    """EIP-55."""
    uri: str
    chain_id: int
    nonce: str
    """At least 8 letters and digits."""
    issued_at: str
    """RFC 3339, like the other times; kept as text, because the same moment has many spellings."""
    scheme: str | None = None
    statement: str | None = None
    version: Literal["1"] = "1"
    expiration_time: str | None = None
    not_before: str | None = None
    request_id: str | None = None
    resources: tuple[str, ...] | None = None
    """RFC 3986 URIs."""

    def __post_init__(self) -> None:
        if self.scheme is not None and not is_scheme(self.scheme):
            raise _refused("the scheme before :// is not one of RFC 3986")
        if not is_authority(self.domain):
            raise _refused("the domain is not an authority of RFC 3986, such as example.com or localhost:8000")
        _check_address(self.address)
        if self.statement is not None and not is_plain(self.statement):
            raise _refused("the statement holds a character that EIP-4361 does not allow")
        if not is_uri(self.uri):
            raise _refused("the URI is not one of RFC 3986")
        if self.version != "1":
            raise _refused("the version is not 1")
        if type(self.chain_id) is not int or not 0 < self.chain_id < 10**16:
            raise _refused("the chain id is not a positive number of at most 16 digits")
        if not _NONCE.fullmatch(self.nonce):
            raise _refused("the nonce is not eight or more letters and digits")
        parse_time(self.issued_at)
        for time in (self.expiration_time, self.not_before):
            if time is not None:
                parse_time(time)
        if self.request_id is not None and not is_pchars(self.request_id):
            raise _refused("the request id holds a character that is no pchar of RFC 3986")
        for number, resource in enumerate(self.resources or (), 1):
            if not is_uri(resource):
                raise _refused(f"resource {number} is not a URI of RFC 3986")


def build(message: SiweMessage) -> str:
    """The text to sign: ASCII, lines parted by LF, none at the end. Raises Invalid above MAX_BYTES."""
    lines = [
        ("" if message.scheme is None else f"{message.scheme}://") + message.domain + _PREAMBLE,
        message.address,
        "",
        *([] if message.statement is None else [message.statement]),
        "",
        f"URI: {message.uri}",
        f"Version: {message.version}",
        f"Chain ID: {message.chain_id}",
        f"Nonce: {message.nonce}",
        f"Issued At: {message.issued_at}",
    ]
    optional = {
        "Expiration Time: ": message.expiration_time,
        "Not Before: ": message.not_before,
        "Request ID: ": message.request_id,
    }
    lines += [name + value for name, value in optional.items() if value is not None]
    if message.resources is not None:
        lines += ["Resources:", *(f"- {resource}" for resource in message.resources)]
    text = "\n".join(lines)
    if len(text) > MAX_BYTES:
        raise _refused(f"it is longer than {MAX_BYTES} bytes")
    return text


def parse(text: str) -> SiweMessage:
    """The message that `text` is. Raises Invalid, which names the line or field that is wrong."""
    if len(text) > MAX_BYTES:
        raise _refused(f"it is longer than {MAX_BYTES} bytes")
    if not text.isascii():
        raise _refused("it holds characters outside ASCII")
    if "\r" in text:
        raise _refused("its lines must be parted by LF alone, without CR")
    lines = _Lines(text)
    first = lines.take("", f"…{_PREAMBLE}")
    if not first.endswith(_PREAMBLE):
        raise _refused(f"line 1 does not end with “{_PREAMBLE[1:]}”")
    scheme, separator, domain = first.removesuffix(_PREAMBLE).rpartition("://")
    address = lines.take("", "the address")
    lines.empty()
    statement = lines.statement()
    uri = lines.take("URI: ")
    if lines.take("Version: ") != "1":
        raise _refused("the version is not 1")
    chain = lines.take("Chain ID: ")
    try:
        chain_id = parse_chain_id(chain)
    except Invalid:
        raise _refused("the chain id is not a positive decimal number without leading zeros (EIP-155)") from None
    message = SiweMessage(
        scheme=scheme if separator else None,
        domain=domain,
        address=address,
        statement=statement,
        uri=uri,
        chain_id=chain_id,
        nonce=lines.take("Nonce: "),
        issued_at=lines.take("Issued At: "),
        expiration_time=lines.take_if("Expiration Time: "),
        not_before=lines.take_if("Not Before: "),
        request_id=lines.take_if("Request ID: "),
        resources=lines.resources(),
    )
    lines.end()
    return message


def parse_time(text: str) -> datetime:
    """The moment an RFC 3339 date-time names, in UTC, cut to microseconds. A leap second is the second after it.

    Raises Invalid."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise _refused("a time is not written as RFC 3339 asks, such as 2026-11-20T16:25:24Z")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction = int((match[7] or "0")[:6].ljust(6, "0"))
    away_hours, away_minutes = int(match[9] or 0), int(match[10] or 0)
    if away_hours > 23 or away_minutes > 59 or second > 60:
        raise _refused("a time names an hour, minute or second that does not exist")
    away = timedelta(hours=away_hours, minutes=away_minutes) * (-1 if match[8] == "-" else 1)
    try:
        moment = datetime(year, month, day, hour, minute, min(second, 59), fraction, timezone(away)).astimezone(UTC)
        if second < 60:
            return moment
        if (moment.hour, moment.minute) == (23, 59):
            return moment + timedelta(seconds=1)
    except (ValueError, OverflowError):
        pass
    raise _refused("a time names a day, hour, minute or second that does not exist")


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC, cut to seconds. `moment` is timezone-aware."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class _Lines:
    """The lines of a message, taken from the top."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._at = 0

    def take(self, name: str, what: str = "") -> str:
        """The rest of the next line, which must begin with `name`."""
        if self._at >= len(self._lines) or not self._lines[self._at].startswith(name):
            raise self._expected(what or f"“{name}…”")
        self._at += 1
        return self._lines[self._at - 1].removeprefix(name)

    def take_if(self, name: str) -> str | None:
        more = self._at < len(self._lines) and self._lines[self._at].startswith(name)
        return self.take(name) if more else None

    def empty(self) -> None:
        if self.take("", "an empty line"):
            self._at -= 1
            raise self._expected("an empty line")

    def statement(self) -> str | None:
        """`[ statement LF ] LF`: an empty line alone, or any line and then an empty one."""
        line = self.take("", "the statement or an empty line")
        following = self._lines[self._at : self._at + 1]
        if line == "" and following != [""]:
            return None
        self.empty()
        return line

    def resources(self) -> tuple[str, ...] | None:
        if self._lines[self._at : self._at + 1] != ["Resources:"]:
            return None
        self._at += 1
        return tuple(self._resources())

    def _resources(self) -> Iterator[str]:
        while self._at < len(self._lines):
            yield self.take("- ", "a resource, “- …”")

    def end(self) -> None:
        if self._at < len(self._lines):
            raise self._expected("another field of EIP-4361, in its order, or the end")

    def _expected(self, what: str) -> Invalid:
        return _refused(f"line {self._at + 1} is not {what}")


def _check_address(address: str) -> None:
    try:
        canonical = checksum_address(address)
    except Invalid:
        raise _refused("the address is not 0x followed by 40 hex digits") from None
    if address != canonical:
        raise _refused("the address is not in the mixed case of EIP-55")


def _refused(why: str) -> Invalid:
    return Invalid(f"The sign-in message is not one of EIP-4361: {why}.", hint="Ask for a new challenge and sign that.")
