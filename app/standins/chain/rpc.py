"""JSON-RPC 2.0: reads a request or a batch, finds the method, writes the answer."""

import json
import logging
from typing import Any

from app.consumers.observation import nested_deeper
from app.standins.chain.control import Control
from app.standins.chain.errors import RpcError, invalid_params, invalid_request, method_not_found
from app.standins.chain.filters import Filters
from app.standins.chain.ledger import Ledger
from app.standins.chain.methods import Methods

_log = logging.getLogger(__name__)
_DEEPEST = 32
"""Levels of JSON. Ethereum's calls need fewer than ten; py-evm raises the recursion limit, so depth must be bounded."""
_MOST_IN_BATCH = 1_000


class Rpc:
    """Answers for one ledger. Not thread-safe."""

    def __init__(self, ledger: Ledger) -> None:
        methods = Methods(ledger)
        self._methods = {**methods.table(), **Control(ledger).table(), **Filters(methods).table()}

    def answer(self, body: bytes) -> bytes | None:
        """The response body, or None when there is nothing to answer (notifications only)."""
        try:
            request = None if nested_deeper(body, _DEEPEST) else json.loads(body)
        except ValueError:
            return _encode(_failure(None, invalid_request()))
        if not isinstance(request, list):
            response = self._one(request)
            return None if response is None else _encode(response)
        if not request or len(request) > _MOST_IN_BATCH:
            return _encode(_failure(None, invalid_request()))
        responses = [response for response in map(self._one, request) if response is not None]
        return _encode(responses) if responses else None

    def _one(self, request: Any) -> dict[str, Any] | None:
        if not isinstance(request, dict):
            return _failure(None, invalid_request())
        number = request.get("id")
        if not isinstance(number, str | int | float | None) or isinstance(number, bool):
            return _failure(None, invalid_request())
        method = request.get("method")
        if request.get("jsonrpc") != "2.0" or not isinstance(method, str):
            return _failure(number, invalid_request())
        try:
            result = self._call(method, request.get("params"))
        except RpcError as error:
            response = _failure(number, error)
        except Exception:
            _log.exception("%s failed", method)
            response = _failure(number, RpcError(-32603, "Internal error: see the chain's log"))
        else:
            response = {"jsonrpc": "2.0", "id": number, "result": result}
        return response if "id" in request else None

    def _call(self, name: str, given: Any) -> Any:
        method = self._methods.get(name)
        if method is None:
            raise method_not_found()
        values = [] if given is None else given
        if not isinstance(values, list):
            raise invalid_params("invalid type: map, expected a sequence")
        while len(values) > method.least and values[-1] is None:
            values = values[:-1]  # a trailing null is a parameter left out
        if not method.least <= len(values) <= method.most:
            span = str(method.least) if method.least == method.most else f"{method.least} to {method.most}"
            raise invalid_params(f"expected params sequence with length {span} but got {len(values)}")
        return method.run(*values)


def _failure(number: Any, error: RpcError) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "error": error.as_json()}


def _encode(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
