"""JSON-RPC to one node, and the one place where a node's words become errors with meaning.

Reads are retried once when the connection broke (a pooled connection the node had closed looks like that). What is
sent is never retried here: after a timeout nobody knows whether it arrived, and the caller decides.
"""

import json
import re
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, TypeVar, cast

from app.adapters.chain_abi import Revert, agent_abi
from app.errors import (
    ChainRefused,
    ChainUnavailable,
    DnftError,
    InsufficientFunds,
    NonceTooLow,
    Underpriced,
    WrongChain,
)

if TYPE_CHECKING:
    from web3 import HTTPProvider
    from web3.types import RPCEndpoint, RPCResponse

_T = TypeVar("_T")
CONNECTIONS = 8
"""Connections kept open to the node."""


class Refusal(Enum):
    """What a node's error answer means."""

    ALREADY_KNOWN = auto()
    NONCE_TOO_LOW = auto()
    UNDERPRICED = auto()
    INSUFFICIENT_FUNDS = auto()
    WRONG_CHAIN = auto()
    REVERTED = auto()
    UNKNOWN_BLOCK = auto()
    RANGE_TOO_WIDE = auto()
    UNSUPPORTED = auto()
    BUSY = auto()
    OTHER = auto()


_WORDS: Sequence[tuple[Refusal, str]] = (
    # geth; anvil and our embedded chain; Nethermind; Erigon; Besu. Matched in this order, in lower case.
    (Refusal.OTHER, r"intrinsic gas|gas floor"),
    (Refusal.ALREADY_KNOWN, r"already known|already imported|alreadyknown|known transaction"),
    (Refusal.REVERTED, r"revert|out of gas|gas required exceeds|invalid opcode|evm error"),
    (
        Refusal.INSUFFICIENT_FUNDS,
        r"insufficient (funds|balance)|insufficientfunds|not enough funds|upfront cost exceeds",
    ),
    (Refusal.NONCE_TOO_LOW, r"nonce (is )?too low|nonce_too_low|oldnonce"),
    (Refusal.UNDERPRICED, r"underpriced|feetoolow|fee too low|price too low|below (the )?minimum|minimum needed"),
    (Refusal.UNDERPRICED, r"(max fee|fee cap|maxfee)[a-z ]* (less than|below|lower than)"),
    (Refusal.WRONG_CHAIN, r"chain ?id|invalid signer|invalid sender|replay.protected"),
    (Refusal.BUSY, r"rate limit|too many requests|timed? ?out|timeout|indexing|syncing|capacity|try again"),
    (
        Refusal.RANGE_TOO_WIDE,
        r"too many (results|logs|blocks)|more than \d+ results|block range|range (is )?too|limit exceeded",
    ),
    (Refusal.RANGE_TOO_WIDE, r"response size|exceeds? (the )?(max|limit|range)|too large"),
    (Refusal.UNKNOWN_BLOCK, r"(block|header|resource) ?(was |is )?not ?found|unknown ?block|missing trie node"),
    (Refusal.UNKNOWN_BLOCK, r"state (is )?not available|historical state|pruned|blockoutofrange|out ?of ?range"),
    (
        Refusal.UNSUPPORTED,
        r"method not found|not supported|unsupported|does not exist|unknown variant|invalid (block )?tag",
    ),
)
_COMPILED = tuple((refusal, re.compile(words)) for refusal, words in _WORDS)
_CODES = {
    3: Refusal.REVERTED,
    -32001: Refusal.UNKNOWN_BLOCK,
    -32005: Refusal.BUSY,
    -32601: Refusal.UNSUPPORTED,
    429: Refusal.BUSY,
}
"""Codes of EIP-1474 and its extensions that say enough when the words do not."""
_HEX = re.compile(r"0x([0-9a-fA-F]*)")


class NodeRefused(Exception):
    """The node answered with an error object."""

    def __init__(self, code: int, message: str, data: Any) -> None:
        super().__init__(message)
        self.message = " ".join(message.split())[:200]
        self.data = data
        lower = message.lower()
        found = (refusal for refusal, words in _COMPILED if words.search(lower))
        # Code 3 means reverted even if the contract's own text sounds like something else.
        self.refusal = Refusal.REVERTED if code == 3 else next(found, _CODES.get(code, Refusal.OTHER))

    @property
    def revert(self) -> Revert:
        """The decoded reason, as far as the node handed the revert data over."""
        text = self.data if isinstance(self.data, str) else json.dumps(self.data) if self.data else ""
        if (found := _HEX.search(text)) and len(found[1]) % 2 == 0:
            return agent_abi().read_revert(bytes.fromhex(found[1]))
        said = re.search(r"reverted(?: with reason string)?:? '?([^']+)", self.message)
        return Revert(said[1] if said else "")

    def error(self) -> DnftError:
        """The same as an error of ours."""
        said = f"The node refused: {self.message}"
        match self.refusal:
            case Refusal.REVERTED:
                return self.revert.error()
            case Refusal.NONCE_TOO_LOW:
                return NonceTooLow(said)
            case Refusal.UNDERPRICED:
                return Underpriced(said, hint="Raise both fees; a replacement needs at least 10 % more of each.")
            case Refusal.INSUFFICIENT_FUNDS:
                return InsufficientFunds(said, hint="Fund the sending account.")
            case Refusal.WRONG_CHAIN:
                return WrongChain(said)
            case Refusal.BUSY:
                return ChainUnavailable(said)
            case Refusal.UNKNOWN_BLOCK:
                return ChainRefused(said, hint="The block was reorganised away, or this node does not keep old state.")
            case _:
                return ChainRefused(said)


class Rpc:
    """One node at `url`, asked over HTTP. Safe to use from several threads. The URL may hold a key: never shown.

    timeout: seconds for connecting and for each wait for bytes. Proxies and .netrc of the environment are not used."""

    def __init__(self, url: str, *, timeout: float) -> None:
        self._url = url
        self._timeout = timeout
        self._provider: HTTPProvider | None = None

    def read(self, method: str, *params: Any) -> Any:
        """The result of a call that changes nothing. Raises NodeRefused or ChainUnavailable."""
        return _result(self._retried(lambda: self._post(method, params)))

    def read_all(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """The results of several reads in one request, in order. Raises NodeRefused (of the first refused) or
        ChainUnavailable."""
        batch = [(cast("RPCEndpoint", method), params) for method, params in calls]
        answers = self._retried(lambda: self._guarded(lambda: self._node().make_batch_request(batch)))
        if isinstance(answers, dict):
            return [_result(answers)]
        if len(answers) != len(calls):
            raise ChainUnavailable("The node left answers out of a batch.")
        return [_result(answer) for answer in answers]

    def send(self, method: str, *params: Any) -> Any:
        """The result of a call that may change something: never retried. Raises NodeRefused or ChainUnavailable, and
        then it is unknown whether the node has it."""
        return _result(self._post(method, params))

    def _post(self, method: str, params: Sequence[Any]) -> "RPCResponse":
        return self._guarded(lambda: self._node().make_request(cast("RPCEndpoint", method), params))

    def _node(self) -> "HTTPProvider":
        if self._provider is None:
            import requests
            from web3 import HTTPProvider  # takes more than a second to import

            session = requests.Session()
            session.trust_env = False
            adapter = requests.adapters.HTTPAdapter(pool_connections=1, pool_maxsize=CONNECTIONS, max_retries=0)
            session.mount("http://", adapter)
            session.mount("https://", adapter)
            kwargs = {"timeout": self._timeout, "allow_redirects": False}
            self._provider = HTTPProvider(self._url, kwargs, session, exception_retry_configuration=None)
        return self._provider

    def _retried(self, attempt: Callable[[], _T]) -> _T:
        try:
            return attempt()
        except _ConnectionBroke:
            return attempt()

    def _guarded(self, ask: Callable[[], _T]) -> _T:
        """Transport failures as ChainUnavailable. The library's messages hold the URL, so they are not repeated."""
        import requests

        try:
            return ask()
        except requests.Timeout:
            raise ChainUnavailable(f"The node did not answer within {self._timeout:g} seconds.") from None
        except requests.ConnectionError:
            raise _ConnectionBroke("The node can not be reached.") from None
        except requests.HTTPError as error:
            return cast(_T, _refused_by_status(error.response))
        except (requests.RequestException, ValueError):
            raise ChainUnavailable("The node's answer is not JSON-RPC.") from None


class _ConnectionBroke(ChainUnavailable):
    """No connection, or it broke."""


def _refused_by_status(response: Any) -> dict[str, Any]:
    """Some nodes send their JSON-RPC error with an HTTP error status; anything else is the transport's failure."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        return body
    hint = "Check the key in the RPC URL." if response.status_code in (401, 403) else ""
    raise ChainUnavailable(f"The node answered with HTTP status {response.status_code}.", hint=hint)


def _result(answer: Any) -> Any:
    error = answer.get("error") if isinstance(answer, dict) else None
    if error is not None:
        found = error if isinstance(error, dict) else {"message": str(error)}
        code = found.get("code")
        raise NodeRefused(code if isinstance(code, int) else 0, str(found.get("message", "")), found.get("data"))
    if not isinstance(answer, dict) or "result" not in answer:
        raise ChainUnavailable("The node's answer is not JSON-RPC.")
    return answer["result"]
