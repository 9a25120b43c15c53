"""The grammar of RFC 3986, to the letter (appendix A), and the origin of a URI."""

import re
from ipaddress import AddressValueError, IPv6Address
from typing import Final

_UNRESERVED: Final = r"A-Za-z0-9\-._~"
_SUB_DELIMS: Final = r"!$&'()*+,;="
_ENCODED: Final = r"%[0-9A-Fa-f]{2}"
_PCHAR: Final = rf"(?:[{_UNRESERVED}{_SUB_DELIMS}:@]|{_ENCODED})"
_SEGMENTS: Final = rf"(?:/{_PCHAR}*)*"
_SCHEME: Final = r"[A-Za-z][A-Za-z0-9+\-.]*"
_AUTHORITY: Final = (
    rf"(?:(?:[{_UNRESERVED}{_SUB_DELIMS}:]|{_ENCODED})*@)?"
    rf"(?P<host>\[(?:(?P<v6>[0-9A-Fa-f:.]+)|[vV][0-9A-Fa-f]+\.[{_UNRESERVED}{_SUB_DELIMS}:]+)\]"
    rf"|(?:[{_UNRESERVED}{_SUB_DELIMS}]|{_ENCODED})*)"
    r"(?::[0-9]*)?"
)
_URI: Final = re.compile(
    rf"(?P<scheme>{_SCHEME}):"
    rf"(?://(?P<authority>{_AUTHORITY}){_SEGMENTS}|/(?:{_PCHAR}+{_SEGMENTS})?|{_PCHAR}+{_SEGMENTS}|)"
    rf"(?:\?(?:{_PCHAR}|[/?])*)?(?:#(?:{_PCHAR}|[/?])*)?"
)
_WHOLE_AUTHORITY: Final = re.compile(_AUTHORITY)
_WHOLE_SCHEME: Final = re.compile(_SCHEME)
_PCHARS: Final = re.compile(rf"{_PCHAR}*")
_PLAIN: Final = re.compile(rf"[{_UNRESERVED}{_SUB_DELIMS}:/?#\[\]@ ]*")
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


def is_uri(text: str) -> bool:
    """Whether it is a URI: absolute, with or without a fragment."""
    match = _URI.fullmatch(text)
    return match is not None and _host_ok(match)


def is_scheme(text: str) -> bool:
    return _WHOLE_SCHEME.fullmatch(text) is not None


def is_authority(text: str) -> bool:
    """Whether it is an authority whose host is not empty, such as example.com, me@10.0.0.1 or [::1]:8000."""
    match = _WHOLE_AUTHORITY.fullmatch(text)
    return match is not None and match["host"] != "" and _host_ok(match)


def is_pchars(text: str) -> bool:
    """Whether all of it may stand in a path segment; nothing at all may."""
    return _PCHARS.fullmatch(text) is not None


def is_plain(text: str) -> bool:
    """Whether it holds reserved and unreserved characters and spaces only: no quotes, braces, percent or controls."""
    return _PLAIN.fullmatch(text) is not None


def origin_of(uri: str) -> str | None:
    """`scheme://authority` in lower case, without the scheme's default port (RFC 6454); None when `uri` is no URI or
    has no host. User information is kept, so that it never passes for the bare host."""
    match = _URI.fullmatch(uri)
    if match is None or not match["host"] or not _host_ok(match):
        return None
    scheme = match["scheme"].lower()
    authority = match["authority"].lower().removesuffix(_DEFAULT_PORTS.get(scheme, ":")).removesuffix(":")
    return f"{scheme}://{authority}"


def _host_ok(match: re.Match[str]) -> bool:
    """The patterns let any hex, colons and dots stand between brackets; an IPv6 address is more than that."""
    if match["v6"] is None:
        return True
    try:
        IPv6Address(match["v6"])
    except AddressValueError:
        return False
    return True
