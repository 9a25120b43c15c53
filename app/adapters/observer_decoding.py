"""Content codings undone within bounds, so that a few bytes cannot become gigabytes (RFC 9110, section 8.4)."""

import zlib
from typing import Protocol

import brotli


class Undecodable(Exception):
    """The body is not what its Content-Encoding says."""


class Decoder(Protocol):
    def feed(self, data: bytes, most: int) -> bytes:
        """Decoded bytes, at most about `most`; a caller that gets more than it wanted stops. Raises Undecodable."""

    def finish(self) -> None:
        """Called at the end of the body. Raises Undecodable when the coded stream is not complete."""


def decoder(encoding: str) -> Decoder:
    """For the value of Content-Encoding. Raises Undecodable for codings we did not ask for."""
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return _Identity()
    if name in {"gzip", "x-gzip"}:
        return _Deflate(16 + zlib.MAX_WBITS)
    if name == "deflate":
        return _Deflate(zlib.MAX_WBITS)
    if name == "br":
        return _Brotli()
    raise Undecodable(f"the content encoding {name[:40]!r} was not asked for")


class _Identity:
    def feed(self, data: bytes, most: int) -> bytes:
        return data

    def finish(self) -> None: ...


class _Deflate:
    def __init__(self, window: int) -> None:
        self._stream = zlib.decompressobj(window)
        self._raw_allowed = window == zlib.MAX_WBITS
        self._started = False

    def feed(self, data: bytes, most: int) -> bytes:
        try:
            decoded = self._stream.decompress(data, most)
        except zlib.error as error:
            # Some servers send deflate without the zlib frame; clients take both.
            if not self._raw_allowed or self._started:
                raise Undecodable(f"the body cannot be decoded: {error}") from error
            self._raw_allowed = False
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
            return self.feed(data, most)
        self._started = True
        return decoded

    def finish(self) -> None:
        if self._started and not self._stream.eof:
            raise Undecodable("the body ends in the middle of its coded stream")


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Decompressor()
        self._started = False

    def feed(self, data: bytes, most: int) -> bytes:
        self._started = True
        try:
            return bytes(self._stream.process(data, output_buffer_limit=most))
        except brotli.error as error:
            raise Undecodable(f"the body cannot be decoded: {error}") from error

    def finish(self) -> None:
        if self._started and not self._stream.is_finished():
            raise Undecodable("the body ends in the middle of its coded stream")
