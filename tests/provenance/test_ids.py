"""Token ids, chain ids, contracts and agent ids: one strict reading for everything that arrives in a URL."""

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.errors import Invalid, MalformedTokenId
from app.provenance.ids import (
    MAX_TOKEN_ID,
    AgentId,
    cache_tags,
    checksum_address,
    parse_agent_id,
    parse_chain_id,
    parse_contract,
    parse_token_id,
)

NUMBERS = st.integers(0, 10**6) | st.integers(0, MAX_TOKEN_ID)
# What int() and typed path parameters of web frameworks take, and we must not.
TRAPS = [
    *("", " ", " 1", "1 ", "+1", "-1", "-0", "1_0", "01", "00", "1.0", "1.", ".1", "1e3", "1,0", "0b1", "0o7", "0x"),
    *("0X1", "x1", "0x 1", "0x+1", "0x_1", "0xg", "0x1\n", "1\n", "\n1", "1\x00", "1/2", "1%20", "true", "NaN"),
    *("１", "١", "१", "²", "①", "𝟏", "0x１", "1\u200b", "\ufeff1", "f", "ff", "deadbeef"),
]
# The test vectors of EIP-55.
EIP55 = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]


@given(NUMBERS)
@example(0)
@example(MAX_TOKEN_ID)
def test_parse_token_id_every_accepted_form_of_a_number_is_that_number(number: int) -> None:
    forms = {str(number), hex(number), f"0x{number:064x}", f"0x{number:X}"}
    if number < 16**63:  # the 64th digit is a zero, so this is no decimal number
        forms |= {f"{number:064x}", f"{number:064X}"}
    for text in forms:
        assert parse_token_id(text) == number


@given(st.text(st.sampled_from("0123456789abcdefxX+-_. \n１"), max_size=70) | st.text(max_size=6))
def test_parse_token_id_whatever_is_accepted_has_one_of_three_shapes(text: str) -> None:
    try:
        number = parse_token_id(text)
    except MalformedTokenId:
        return
    assert 0 <= number <= MAX_TOKEN_ID
    decimal = str(number) == text
    prefixed = text[:2] == "0x" and int(text[2:], 16) == number and len(text) <= 66
    padded = len(text) == 64 and f"{number:064x}" == text.lower()
    assert decimal or prefixed or padded


@pytest.mark.parametrize("text", TRAPS, ids=repr)
def test_parse_token_id_trap_of_lenient_parsers_is_refused(text: str) -> None:
    with pytest.raises(MalformedTokenId) as caught:
        parse_token_id(text)
    assert caught.value.status == 400


def test_parse_token_id_64_digits_without_leading_zero_are_decimal() -> None:
    assert parse_token_id("1" * 64) == int("1" * 64)
    assert parse_token_id("9" * 64) == int("9" * 64)


def test_parse_token_id_64_digits_with_leading_zero_or_letters_are_hex() -> None:
    assert parse_token_id("0" * 63 + "7") == 7
    assert parse_token_id("0" + "1" * 63) == int("1" * 63, 16)
    assert parse_token_id("1" * 63 + "a") == int("1" * 63 + "a", 16)
    assert parse_token_id("f" * 64) == MAX_TOKEN_ID


@pytest.mark.parametrize("digits", [63, 65, 66])
def test_parse_token_id_hex_digits_of_another_length_are_refused(digits: int) -> None:
    for text in ("0" * digits, "a" * digits):
        with pytest.raises(MalformedTokenId):
            parse_token_id(text)


@pytest.mark.parametrize("text", [str(2**256), str(10**78 - 1), str(10**78), "9" * 5000, "0x" + "1" * 65, hex(2**256)])
def test_parse_token_id_from_2_to_the_256_on_is_refused(text: str) -> None:
    with pytest.raises(MalformedTokenId):
        parse_token_id(text)


@pytest.mark.parametrize("text", ["", "0", "01", "+1", " 1", "1_0", "1.0", "0x1", "-1", "١", "1" * 17, "1\n"])
def test_parse_chain_id_odd_spelling_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_chain_id(text)
    assert parse_chain_id("80094") == 80094


@pytest.mark.parametrize("address", EIP55)
def test_checksum_address_vectors_of_eip_55(address: str) -> None:
    assert checksum_address(address.lower()) == address
    assert checksum_address("0x" + address[2:].upper()) == address


@given(st.binary(min_size=20, max_size=20))
def test_checksum_address_any_address_is_as_eth_utils_writes_it(raw: bytes) -> None:
    assert checksum_address("0x" + raw.hex()) == to_checksum_address(raw)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0x",
        "0X" + "ab" * 20,
        "ab" * 20,
        "0x" + "ab" * 19,
        "0x" + "ab" * 20 + "\n",
        "0x" + "１" * 40,
        "0x" + "g" * 40,
    ],
)
def test_parse_contract_anything_but_an_address_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_contract(text)


@given(st.integers(1, 10**16 - 1), st.sampled_from(EIP55), st.integers(0, MAX_TOKEN_ID))
def test_parse_agent_id_both_forms_give_the_agent_in_any_case(chain: int, contract: str, token: int) -> None:
    wanted = AgentId(chain, contract, token)
    assert str(wanted) == f"eip155:{chain}/erc721:{contract}/{token}"
    for spelling in (contract, contract.lower(), "0x" + contract[2:].upper()):
        for middle in ("erc721:", ""):
            assert parse_agent_id(f"eip155:{chain}/{middle}{spelling}/{token}") == wanted
    assert wanted.path == f"/{chain}/{contract.lower()}/{token}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        f"eip155:1/{EIP55[0]}",
        f"eip155:1/erc1155:{EIP55[0]}/1",
        f"eip155:1/ERC721:{EIP55[0]}/1",
        f"EIP155:1/erc721:{EIP55[0]}/1",
        f"eip155:01/erc721:{EIP55[0]}/1",
        f"eip155:1/erc721:{EIP55[0]}/01",
        f"eip155:1/erc721:{EIP55[0]}/1/",
        f"eip155:1/erc721:{EIP55[0]}/1\n",
        f" eip155:1/erc721:{EIP55[0]}/1",
        f"eip155:1/erc721:{EIP55[0][2:]}/1",
        f"eip155:1//{EIP55[0]}/1",
        f"solana:1/erc721:{EIP55[0]}/1",
    ],
)
def test_parse_agent_id_other_shapes_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_agent_id(text)


@given(st.integers(1, 99), st.integers(1, 99), st.integers(0, 99), st.integers(0, 99))
def test_cache_tags_other_tokens_and_collections_share_no_narrow_tag(one: int, two: int, a: int, b: int) -> None:
    assume((one, a) != (two, b))
    assert cache_tags(one, a)[1] != cache_tags(two, b)[1]
    assert cache_tags(one, None)[1] != cache_tags(one, a)[1]
    assert cache_tags(one, a)[0] == cache_tags(one, None)[0]
