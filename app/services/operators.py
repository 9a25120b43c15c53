"""Who is an operator: whoever has the operator key, or asks on this machine while nothing is at stake.

The key never comes in a URL: those end in logs and histories. A browser needs none where it runs on the server itself,
in the demo and in development; elsewhere such a page is asked for by programs that can send the header.
"""

import hmac
import ipaddress
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from app.errors import Unauthorized

_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def require_operator(headers: Mapping[str, str], peer: str, *, key: str, trust_this_machine: bool) -> None:
    """Raises Unauthorized for whoever is no operator.

    `headers` by lower-case name, `peer` the address of the other end, `key` the operator key, empty for none.
    """
    given = headers.get("authorization")
    if given is not None:
        scheme, _, token = given.partition(" ")
        right = hmac.compare_digest(token.strip().encode("utf-8", "replace"), key.encode())
        if scheme.lower() == "bearer" and key and right:
            return
        raise Unauthorized("This is not the operator key.", hint="Send `Authorization: Bearer` and DNFT_OPERATOR_KEY.")
    if not (trust_this_machine and _is_from_here(headers, peer)):
        raise Unauthorized(
            "This is for operators.", hint="Set DNFT_OPERATOR_KEY, and send it as `Authorization: Bearer …`."
        )


def _is_from_here(headers: Mapping[str, str], peer: str) -> bool:
    """Whether a program on this machine asks, directly, for an address of this machine: not a proxy that speaks for
    others, and not a page from elsewhere whose name leads here (DNS rebinding)."""
    if any(name in headers for name in _FORWARDED) or headers.get("sec-fetch-site") == "cross-site":
        return False
    try:
        named = urlsplit(f"//{headers.get('host', '')}").hostname or ""
    except ValueError:
        return False
    return _is_loopback(peer) and (named == "localhost" or _is_loopback(named))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
