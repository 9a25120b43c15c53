"""Identifiers of tokens: strict parsing of what arrives in URLs, and the CAIP-19 id of an agent."""

import re
from typing import Final, NamedTuple

from eth_hash.auto import keccak

from app.errors import Invalid, MalformedTokenId

MAX_TOKEN_ID: Final = 2**256 - 1
_DECIMAL: Final = re.compile(r"(?:0|[1-9][0-9]{0,77})", re.ASCII)
_HEX: Final = re.compile(r"0x[0-9a-fA-F]{1,64}", re.ASCII)
_HEX64: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_CONTRACT: Final = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_CHAIN: Final = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
_AGENT: Final = re.compile(r"eip155:([^/:]+)/(?:erc721:)?(0x[^/:]+)/([^/:]+)", re.ASCII)


def parse_token_id(text: str) -> int:
    """Canonical decimal, `0x` hex, or the 64 zero-padded hex digits of ERC-1155; nothing else.

    64 digits without a leading zero are decimal. Raises MalformedTokenId.
    """
    if _DECIMAL.fullmatch(text):
        number = int(text)
        if number <= MAX_TOKEN_ID:
            return number
    elif _HEX.fullmatch(text) or _HEX64.fullmatch(text):
        return int(text, 16)
    raise MalformedTokenId(
        "A token id is a canonical decimal number, 0x hex, or 64 hex digits, below 2^256.",
        hint="No leading zeros, signs, spaces, separators or fractions.",
    )


def parse_chain_id(text: str) -> int:
    if _CHAIN.fullmatch(text):
        return int(text)
    raise Invalid("A chain id is a positive decimal number without leading zeros (EIP-155).")


def parse_contract(text: str) -> str:
    """Contract address in lower case; accepts any case, no checksum check (URLs are often lower-cased on the way)."""
    if _CONTRACT.fullmatch(text):
        return text.lower()
    raise Invalid("A contract address is 0x followed by 40 hex digits.")


def checksum_address(address: str) -> str:
    """EIP-55 mixed-case form of a 0x address in any case."""
    bare = parse_contract(address)[2:]
    digest = keccak(bare.encode("ascii")).hex()
    return "0x" + "".join(
        char.upper() if int(nibble, 16) >= 8 else char for char, nibble in zip(bare, digest, strict=False)
    )


class AgentId(NamedTuple):
    """A token as CAIP-19: `eip155:{chain}/erc721:{EIP-55 contract}/{tokenId}`."""

    chain_id: int
    contract: str
    """EIP-55."""
    token_id: int

    def __str__(self) -> str:
        return f"eip155:{self.chain_id}/erc721:{self.contract}/{self.token_id}"

    @property
    def path(self) -> str:
        """URL path of the token: contract in lower case, id in decimal."""
        return f"/{self.chain_id}/{self.contract.lower()}/{self.token_id}"


def parse_agent_id(text: str) -> AgentId:
    """CAIP-19, or the short form without `erc721:`. Raises Invalid or MalformedTokenId."""
    match = _AGENT.fullmatch(text)
    if match is None:
        raise Invalid("An agent id reads eip155:{chain}/erc721:{contract}/{tokenId}.")
    chain, contract, token = match.groups()
    return AgentId(parse_chain_id(chain), checksum_address(contract), parse_token_id(token))


def cache_tags(collection_id: int, token_id: int | None) -> tuple[str, ...]:
    """The Cache-Tags of an answer, from wide to narrow: its collection, then its token or the collection's document."""
    return (f"c{collection_id}", f"c{collection_id}-doc" if token_id is None else f"c{collection_id}-t{token_id}")
