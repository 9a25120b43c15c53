"""Unsigned LEB128 varints, as protobuf and CAR use them."""

from app.errors import Invalid


def encode(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def decode(data: bytes, at: int) -> tuple[int, int]:
    """The number at offset `at` and the offset behind it; raises Invalid when cut short or above 63 bits."""
    number = shift = 0
    while at < len(data) and shift < 63:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
    raise Invalid("A varint is cut short or too long.")
