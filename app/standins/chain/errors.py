"""JSON-RPC errors, with the codes and wording anvil uses, so that clients classify them alike.

Codes: 3 reverted (EIP-1474 "execution error", `data` = revert bytes), -32000 server error, -32001 resource not found,
-32003 transaction rejected, -32600 invalid request, -32601 method not found, -32602 invalid params, -32603 internal.
"""

from typing import Any


class RpcError(Exception):
    """An error object of JSON-RPC 2.0, section 5.1."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def as_json(self) -> dict[str, Any]:
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        return error if self.data is None else error | {"data": self.data}


def invalid_request(message: str = "Invalid request") -> RpcError:
    return RpcError(-32600, message)


def method_not_found() -> RpcError:
    return RpcError(-32601, "Method not found")


def invalid_params(message: str) -> RpcError:
    return RpcError(-32602, message)


def rejected(message: str) -> RpcError:
    """A transaction that may not enter a block: nonce, funds, fees, chain id."""
    return RpcError(-32003, message)


def server_error(message: str) -> RpcError:
    return RpcError(-32000, message)


def not_found() -> RpcError:
    return RpcError(-32001, "Resource not found")


def evm_error(name: str) -> RpcError:
    """Execution halted for a reason other than REVERT, such as an invalid opcode."""
    return RpcError(-32603, f"EVM error {name}")


_ERROR_STRING = bytes.fromhex("08c379a0")
_PANIC = bytes.fromhex("4e487b71")
_PANICS = {
    0x01: "assertion failed",
    0x11: "arithmetic underflow or overflow",
    0x12: "division or modulo by zero",
    0x21: "failed to convert value into enum type",
    0x22: "storage byte array incorrectly encoded",
    0x31: "called `.pop()` on an empty array",
    0x32: "array out-of-bounds access",
    0x41: "memory allocation error",
    0x51: "called an invalid internal function",
}


def reverted(data: bytes) -> RpcError:
    """REVERT with `data`: Error(string) and Panic(uint256) are read, a custom error is named by its selector."""
    reason = _reason(data)
    return RpcError(3, f"execution reverted: {reason}" if reason else "execution reverted", "0x" + data.hex())


def _reason(data: bytes) -> str:
    selector, body = data[:4], data[4:]
    if selector == _ERROR_STRING and len(body) >= 64:
        start = int.from_bytes(body[:32], "big")
        length = int.from_bytes(body[start : start + 32], "big")
        text = body[start + 32 : start + 32 + length]
        if len(text) == length:
            return text.decode("utf-8", "replace")
    if selector == _PANIC and len(body) == 32:
        code = int.from_bytes(body, "big")
        return f"panic: {_PANICS.get(code, 'unknown code')} (0x{code:02x})"
    if len(data) < 4:
        return f"custom error bytes 0x{data.hex()}" if data else ""
    return f"custom error 0x{selector.hex()}" + (f": 0x{body.hex()}" if body else "")
