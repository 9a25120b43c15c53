"""Signing in with Ethereum (EIP-4361), and the sessions that follow.

challenge   a message that names us, the account, its chain, a fresh nonce and an end; the wallet signs it
sign_in     1. the message is well formed, and says what we would have said at this moment
            2. its nonce is ours, and is used up from here on: nobody signs in twice with one message
            3. the signature is the account's
            4. a token: ES256 JWT, 15 minutes
renew       another token of the same session, without asking the wallet: up to 12 hours after a signature by a key.
            What a contract account says of a signature may change at any time (ERC-1271), so those sign again.
sign_out    ends every token of the session
"""

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from app.errors import ChainUnavailable, ConfigurationError, Invalid, Unauthorized
from app.identity import (
    Account,
    Challenge,
    Nonce,
    NonceStore,
    Revocations,
    Session,
    SignatureChecker,
    TokenKeys,
)
from app.ports import Address, Clock
from app.provenance import jwt, siwe
from app.provenance.ids import checksum_address
from app.provenance.signatures import message_hash, read_signature, recover
from app.provenance.uris import is_plain, origin_of

STATEMENT: Final = "Sign in to talk with your agents. This is free and gives no access to your assets."
CHALLENGE_SECONDS: Final = 600
"""From the challenge to the sign-in."""
SKEW_SECONDS: Final = 60
"""That the clock of whoever wrote the message may be ahead or behind."""
TOKEN_SECONDS: Final = 900
SESSION_SECONDS: Final = 12 * 3600
_AGAIN: Final = "Ask for a new challenge and sign that."


class Sessions:
    """Sign-in at one origin. Safe to use from several threads and processes that share the stores.

    clock: the security clock, always real. keys: for tokens of `token_seconds`. origin: our public root; its path, if
    any, does not matter. chain_ids: where accounts may come from. Raises ConfigurationError."""

    def __init__(
        self,
        *,
        signatures: SignatureChecker,
        nonces: NonceStore,
        keys: TokenKeys,
        revocations: Revocations,
        clock: Clock,
        entropy: Callable[[int], bytes],
        origin: str,
        chain_ids: Collection[int],
        statement: str = STATEMENT,
        challenge_seconds: int = CHALLENGE_SECONDS,
        token_seconds: int = TOKEN_SECONDS,
        session_seconds: int = SESSION_SECONDS,
    ) -> None:
        root = origin_of(origin)
        if root is None:
            raise ConfigurationError(["The origin must be a URL such as https://agents.example"])
        if not is_plain(statement):
            raise ConfigurationError(
                ["The sign-in statement may hold ASCII letters, digits, spaces and :/?#[]@!$&'()*+,;=-._~"]
            )
        self.origin = root
        """Issuer and audience of the tokens."""
        self.statement = statement
        """What every message must say."""
        self._scheme, _, self._domain = root.partition("://")
        self._signatures = signatures
        self._nonces = nonces
        self._keys = keys
        self._revocations = revocations
        self._clock = clock
        self._entropy = entropy
        self._chain_ids = frozenset(chain_ids)
        self._challenge_seconds = challenge_seconds
        self._token_seconds = token_seconds
        self._session_seconds = session_seconds

    # --- signing in --------------------------------------------------------------------------------------------------

    def nonce(self) -> Nonce:
        """A nonce for a client that writes the message itself: with our domain, our origin and our statement."""
        now = self._now()
        fresh = Nonce(self._entropy(16).hex(), now + timedelta(seconds=self._challenge_seconds))
        self._nonces.issue(fresh.value, _seconds(fresh.expires_at))
        return fresh

    def challenge(self, address: str, chain_id: int) -> Challenge:
        """The message to sign for an account. `address` in EIP-55 form, or in one case as some wallets give it.

        Raises Invalid for a mistyped address, or a chain that nobody signs in from."""
        checked = checksum_address(address)
        if address[2:] not in (checked[2:], checked[2:].lower(), checked[2:].upper()):
            raise Invalid("The capitals of this address do not fit it (EIP-55).", hint="Look for a mistyped digit.")
        if chain_id not in self._chain_ids:
            raise Invalid(f"Nobody signs in from chain {chain_id} here.", hint=self._chains_hint())
        nonce = self.nonce()
        message = siwe.SiweMessage(
            scheme=None if self._scheme == "https" else self._scheme,  # what EIP-4361 assumes is left out
            domain=self._domain,
            address=checked,
            statement=self.statement,
            uri=self.origin,
            chain_id=chain_id,
            nonce=nonce.value,
            issued_at=siwe.format_time(nonce.expires_at - timedelta(seconds=self._challenge_seconds)),
            expiration_time=siwe.format_time(nonce.expires_at),
        )
        return Challenge(siwe.build(message), nonce)

    def sign_in(self, message: str, signature: str) -> Session:
        """A session for the account that signed `message`. `signature` is 0x hex.

        Raises Invalid (malformed), Unauthorized (not ours, not now, not theirs) or ChainUnavailable (only accounts
        that are contracts need their chain); after the last, and only then, the same message may be sent again."""
        said, signed = siwe.parse(message), read_signature(signature)
        now = self._now()
        self._check(said, now)
        expires_at = self._nonces.consume(said.nonce, _seconds(now))
        if expires_at is None:
            raise Unauthorized("The nonce of this message is not ours, was used or has ended.", hint=_AGAIN)
        account, text = Account(said.chain_id, Address(said.address)), message.encode("ascii")
        try:
            theirs = self._signatures.check(account, text, signed)
        except ChainUnavailable:
            self._nonces.issue(said.nonce, expires_at)
            raise
        if not theirs:
            raise Unauthorized("The signature is not one of this account for this message.", hint=_AGAIN)
        by_key = recover(message_hash(text), signed) == said.address
        until = now + timedelta(seconds=self._session_seconds if by_key else self._token_seconds)
        return self._session(account, self._entropy(16).hex(), until)

    def _check(self, said: siwe.SiweMessage, now: datetime) -> None:
        """That the message says what we would say now. Raises Unauthorized."""
        root = origin_of(f"{said.scheme or self._scheme}://{said.domain}")
        if root != self.origin:
            raise Unauthorized("This message was written for another site.", hint=f"Sign in at {self.origin}.")
        if origin_of(said.uri) != self.origin:
            raise Unauthorized("The URI of this message is at another site.", hint=f"Sign in at {self.origin}.")
        if said.chain_id not in self._chain_ids:
            raise Unauthorized(f"Nobody signs in from chain {said.chain_id} here.", hint=self._chains_hint())
        if said.statement != self.statement:
            raise Unauthorized("The statement of this message is not ours.", hint=_AGAIN)
        skew, age = timedelta(seconds=SKEW_SECONDS), timedelta(seconds=self._challenge_seconds)
        issued = siwe.parse_time(said.issued_at)
        if issued > now + skew:
            raise Unauthorized("This message was issued in the future.", hint="Set the clock of your device.")
        if issued <= now - age - skew:
            raise Unauthorized("This message is too old.", hint=_AGAIN)
        if said.expiration_time is not None and siwe.parse_time(said.expiration_time) <= now:
            raise Unauthorized("This message has expired.", hint=_AGAIN)
        if said.not_before is not None and siwe.parse_time(said.not_before) > now + skew:
            raise Unauthorized("This message is not valid yet.", hint="Wait, or ask for a new challenge.")

    def _chains_hint(self) -> str:
        return f"Chains: {', '.join(map(str, sorted(self._chain_ids))) or 'none are set up'}."

    # --- tokens ------------------------------------------------------------------------------------------------------

    def authenticate(self, token: str) -> Session:
        """The session a token belongs to; raises Unauthorized when it is forged, has ended or was signed out."""
        live = {key.kid: key for key in self._keys.verifying()}
        now = _seconds(self._now())
        claims = jwt.verify(token, live.get, issuer=self.origin, audience=self.origin, now=now)
        session = _read(token, claims)
        if session.account.chain_id not in self._chain_ids:
            raise Unauthorized("Nobody signs in from this chain any more.", hint=self._chains_hint())
        if self._revocations.revoked(session.id):
            raise Unauthorized("This session was signed out.", hint="Sign in again.")
        return session

    def renew(self, token: str) -> Session:
        """Another token of the session, good for 15 minutes or up to its end; raises Unauthorized."""
        session = self.authenticate(token)
        return self._session(session.account, session.id, session.until)

    def sign_out(self, token: str) -> None:
        """End every token of the session. A token that is no good any more is no error: they are out."""
        try:
            session = self.authenticate(token)
        except Unauthorized:
            return
        self._revocations.revoke(session.id, _seconds(session.until))

    def _session(self, account: Account, session_id: str, until: datetime) -> Session:
        now = _seconds(self._now())
        claims = {
            "iss": self.origin,
            "aud": self.origin,
            "sub": str(account),
            "iat": now,
            "exp": min(now + self._token_seconds, _seconds(until)),
            "jti": self._entropy(16).hex(),
            "sid": session_id,
            "until": _seconds(until),
        }
        return _read(jwt.encode(claims, self._keys.signing()), claims)

    def tidy(self) -> None:
        """Forget what has ended. Nothing depends on when this runs; a few times an hour is enough."""
        now = _seconds(self._now())
        self._nonces.forget(now)
        self._revocations.forget(now)
        self._keys.tidy()

    def _now(self) -> datetime:
        return self._clock.now()


def _read(token: str, claims: dict[str, Any]) -> Session:
    """The claims of a token of ours."""
    return Session(
        token=token,
        account=Account.parse(claims["sub"]),
        id=claims["sid"],
        issued_at=_moment(claims["iat"]),
        expires_at=_moment(claims["exp"]),
        until=_moment(claims["until"]),
    )


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
