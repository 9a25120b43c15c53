"""Names of requests: a hash of what was sent, and the key under which a repetition is recognised.

Both follow the protocol of the agent platform (loa-hounfour `req-hash` and `deriveIdempotencyKey`).
"""

import json
from hashlib import sha256

from app.errors import Invalid


def request_hash(body: bytes) -> str:
    """`sha256:` and 64 hex digits over the body as it is sent: raw bytes, nothing is parsed or reordered.

    A body sent with a Content-Encoding is hashed before it is encoded.
    """
    return f"sha256:{sha256(body).hexdigest()}"


def derive_key(tenant: str, req_hash: str, provider: str, model: str) -> str:
    """64 hex digits: SHA-256 of the compact JSON array of the four, UTF-8, non-ASCII characters as they are.

    Raises Invalid when one is empty, or has no UTF-8 form.
    """
    parts = [tenant, req_hash, provider, model]
    if not all(parts):
        raise Invalid("An idempotency key needs a tenant, a request hash, a provider and a model; one is empty.")
    try:
        return sha256(json.dumps(parts, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
    except UnicodeEncodeError:
        raise Invalid("An idempotency key is made of Unicode text; this one has half a surrogate pair.") from None
