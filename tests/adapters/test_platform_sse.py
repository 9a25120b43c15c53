"""The parser of server-sent events: the standard's own examples, every way of cutting, and its bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.platform_sse import MAX_EVENT, Oversized, SseEvent, SseParser


def parse(stream: bytes, size: int = 0) -> list[SseEvent]:
    """All events, fed in chunks of `size` bytes (0: at once)."""
    parser = SseParser()
    pieces = [stream] if not size else [stream[at : at + size] for at in range(0, len(stream), size)]
    return [event for piece in pieces for event in parser.feed(piece)]


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        # The examples of the standard, §9.2.6.
        (b"data: YHOO\ndata: +2\ndata: 10\n\n", [("", "message", "YHOO\n+2\n10")]),
        (
            b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
            [("1", "message", "first event"), ("", "message", "second event"), ("", "message", " third event")],
        ),
        (b"data\n\ndata\ndata\n\ndata:", [("", "message", ""), ("", "message", "\n")]),
        (b"data:test\n\ndata: test\n\n", [("", "message", "test"), ("", "message", "test")]),
        # Line ends.
        (b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", [("", "message", c) for c in "abc"]),
        (b"data: a\r\ndata: b\rdata: c\n\n", [("", "message", "a\nb\nc")]),
        # Byte order mark at the start only.
        (b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n", [("", "message", "a")]),
        # Ids stay until they change; one with NUL is ignored; one without data counts.
        (b"id: 7\ndata: a\n\ndata: b\n\n", [("7", "message", "a"), ("7", "message", "b")]),
        (b"id: 7\n\nid: 8\x009\ndata: a\n\n", [("7", "message", "a")]),
        (b"id: srv:12\ndata: a\n\n", [("srv:12", "message", "a")]),
        # Types last for one event; the last one named counts; without data there is none.
        (b"event: x\nevent: y\ndata: a\n\ndata: b\n\n", [("", "y", "a"), ("", "message", "b")]),
        (b"event: x\n\ndata: a\n\n", [("", "message", "a")]),
        # Comments, unknown fields, fields with other case, `retry`.
        (b": keepalive\n\nretry: 10\nData: no\nfoo: bar\n data: no\ndata: a\n\n", [("", "message", "a")]),
        # Text beyond ASCII, and bytes that are no UTF-8.
        ("data: z\N{GRINNING FACE}\n\n".encode(), [("", "message", "z\N{GRINNING FACE}")]),
        (b"data: \xff\n\n", [("", "message", "\N{REPLACEMENT CHARACTER}")]),
        # What no blank line ends is no event.
        (b"data: a\n\ndata: b\n", [("", "message", "a")]),
        (b"", []),
    ],
)
@pytest.mark.parametrize("size", [0, 1, 2, 3, 7])
def test_feed_gives_the_standards_events_however_the_bytes_are_cut(
    stream: bytes, events: list[tuple[str, str, str]], size: int
) -> None:
    assert parse(stream, size) == [SseEvent(*event) for event in events]


LINE = st.sampled_from([b"data: a", b"data", b"id: 4", b"event: e", b": c", b"", b"", b"x", b"data: \xf0\x9f\x98\x80"])
END = st.sampled_from([b"\n", b"\r", b"\r\n"])


@given(st.lists(st.tuples(LINE, END), max_size=30), st.lists(st.integers(0, 200), max_size=8))
def test_feed_does_not_depend_on_the_cuts(lines: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    stream = b"".join(line + end for line, end in lines)
    parser = SseParser()
    found: list[SseEvent] = []
    for start, stop in zip([0, *sorted(cuts)], [*sorted(cuts), len(stream)], strict=True):
        found += parser.feed(stream[start:stop])
    assert found == parse(stream)


def test_event_is_out_before_the_next_byte() -> None:
    parser = SseParser()
    assert parser.feed(b"data: a\r\n\r") == [SseEvent("", "message", "a")]
    assert parser.feed(b"\ndata: b\n\n") == [SseEvent("", "message", "b")]


def test_feed_takes_an_event_up_to_the_bound() -> None:
    room = MAX_EVENT - len(b"data: ") - 2
    assert len(parse(b"data: " + b"x" * room + b"\n\n", 1000)[0].data) == room


@pytest.mark.parametrize(
    "stream",
    [
        b"data: " + b"x" * MAX_EVENT,
        b"data: " + b"x" * MAX_EVENT + b"\n\n",
        b"data: xxxxxxxxxxxxxxxx\n" * (MAX_EVENT // 16),
        b"data\n" * (MAX_EVENT + 1),
        b":" + b"x" * MAX_EVENT + b"\n\n",
        b"x" * (MAX_EVENT + 1),
    ],
    ids=["line-without-end", "line", "many-lines", "many-empty-lines", "comment", "field"],
)
@pytest.mark.parametrize("size", [0, 1000])
def test_feed_beyond_the_bound_is_oversized(stream: bytes, size: int) -> None:
    with pytest.raises(Oversized):
        parse(stream, size)


def test_heartbeats_without_end_need_no_room() -> None:
    parser = SseParser(limit=100)
    assert [event for _ in range(1000) for event in parser.feed(b": keepalive\n\n")] == []
    assert parser.feed(b"data: a\n\n") == [SseEvent("", "message", "a")]


def test_feed_byte_by_byte_takes_linear_time() -> None:
    parser = SseParser()
    for _ in range(MAX_EVENT - 10):
        parser.feed(b"x")
    assert parser.feed(b"\ndata: a\n\n") == [SseEvent("", "message", "a")]
