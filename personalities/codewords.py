"""Reed–Solomon codewords over GF(16): 16 symbols of four bits that are provably far apart.

A message of k symbols is read as a polynomial of degree below k and evaluated at all 16 elements of the field. Two such
polynomials agree in at most k-1 places, so two codewords differ in at least 17-k of their 16 symbols: 13 for k = 4
(65,536 codewords), 12 for k = 5 (1,048,576 codewords).
"""

LENGTH = 16
MAX_TOKENS = 1 << 20
_SMALL = 1 << 16
_POLYNOMIAL = 0b10011  # x^4 + x + 1, primitive over GF(2)


def _multiply(left: int, right: int) -> int:
    product = 0
    while right:
        if right & 1:
            product ^= left
        left <<= 1
        if left & 16:
            left ^= _POLYNOMIAL
        right >>= 1
    return product


_PRODUCT = tuple(tuple(_multiply(left, right) for right in range(16)) for left in range(16))


def dimension(supply: int) -> int:
    """Message length for a collection of that size: 4 up to 65,536 tokens, 5 up to 1,048,576."""
    if not 1 <= supply <= MAX_TOKENS:
        raise ValueError(f"a supply is 1..{MAX_TOKENS}, not {supply}")
    return 4 if supply <= _SMALL else 5


def codeword(index: int, k: int) -> tuple[int, ...]:
    """The codeword number `index` (0..16^k-1) of the [16, k] code."""
    message = [index >> (4 * place) & 15 for place in reversed(range(k))]
    word = []
    for point in range(LENGTH):
        row, value = _PRODUCT[point], 0
        for symbol in message:
            value = row[value] ^ symbol
        word.append(value)
    return tuple(word)
