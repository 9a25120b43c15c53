"""The HTTP door of the embedded chain.

A browser page from elsewhere must not reach it: the Host header must name loopback (or DNS rebinding would get in), an
Origin must be a loopback one, and the body must be declared as JSON, which a foreign page can't do without asking.
"""

import re
import socket
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer

_LOOPBACK_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_LOOPBACK_ORIGIN = re.compile(r"https?://" + _LOOPBACK_HOST.pattern, re.IGNORECASE)
_MOST_BYTES = 4 * 1024 * 1024
_IDLE_SECONDS = 120


class HttpServer(ThreadingHTTPServer):
    """A thread per connection; every body goes through `answer`, which gives the response's body or None."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    answer: Callable[[bytes], bytes | None]

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """As inherited, less the reverse DNS lookup, which can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is not worth a traceback."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # typeshed names the socket kinds


class Handler(BaseHTTPRequestHandler):
    """Lets JSON-RPC requests of this machine through, refuses all else with the reason in plain text."""

    protocol_version = "HTTP/1.1"
    server_version = "dnft-chain"
    sys_version = ""
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet an answer
    server: HttpServer

    def do_POST(self) -> None:
        if not self._from_here():
            return
        if self.headers.get_content_type() != "application/json" or "Content-Type" not in self.headers:
            self._refuse(415, "Send JSON-RPC as Content-Type: application/json.")
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            self._refuse(411, "Send a Content-Length.")
        elif int(length) > _MOST_BYTES:
            self._refuse(413, f"At most {_MOST_BYTES} bytes.")
        else:
            answer = self.server.answer(self.rfile.read(int(length)))
            if answer is None:
                self._reply(204, b"")
            else:
                self._reply(200, answer, "application/json")

    def do_OPTIONS(self) -> None:
        if self._from_here():
            self._reply(204, b"")

    def do_GET(self) -> None:
        if self._from_here():
            self._refuse(405, "This is an Ethereum JSON-RPC endpoint: POST a request to it.")

    def _from_here(self) -> bool:
        hosts, origin = self.headers.get_all("Host", []), self.headers.get("Origin")
        if len(hosts) != 1 or not _LOOPBACK_HOST.fullmatch(hosts[0]):
            self._refuse(403, "The Host header must name this machine: localhost, 127.0.0.1 or [::1].")
            return False
        if origin is not None and not _LOOPBACK_ORIGIN.fullmatch(origin):
            self._refuse(403, "Only pages served from this machine may use this chain.")
            return False
        return True

    def _refuse(self, status: int, message: str) -> None:
        self.close_connection = True  # the body was not read
        self._reply(status, message.encode() + b"\n", "text/plain; charset=utf-8")

    def _reply(self, status: int, body: bytes, content_type: str | None = None) -> None:
        self.send_response(status)
        origin = self.headers.get("Origin")
        self.send_header("Vary", "Origin")
        if origin is not None and _LOOPBACK_ORIGIN.fullmatch(origin):
            self.send_header("Access-Control-Allow-Origin", origin)
            self.send_header("Access-Control-Allow-Methods", "POST")
            self.send_header("Access-Control-Allow-Headers", "Content-Type")
            self.send_header("Access-Control-Max-Age", "600")
        if content_type is not None:
            self.send_header("Content-Type", content_type)
        if status == 405:
            self.send_header("Allow", "POST, OPTIONS")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the inherited name
        """Requests are not logged."""
