"""Exact decks: a trait with weights is dealt, not rolled, so a collection holds exactly the counts it promises."""

from collections.abc import Sequence

from personalities.derive import permute


def counts(weights: Sequence[int], supply: int) -> tuple[int, ...]:
    """How many of `supply` cards each option gets: by weight, the cards left over going to the largest remainders
    (earlier option first on a tie)."""
    total = sum(weights)
    shares = [divmod(weight * supply, total) for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda option: (-shares[option][1], option))
    dealt = [whole for whole, _ in shares]
    for option in by_remainder[: supply - sum(dealt)]:
        dealt[option] += 1
    return tuple(dealt)


def deal(key: bytes, weights: Sequence[int], supply: int, token_id: int) -> int:
    """The option dealt to one token; `key` shuffles the deck."""
    card = permute(key, token_id, supply)
    for option, count in enumerate(counts(weights, supply)):
        if card < count:
            return option
        card -= count
    raise AssertionError("the counts of a deck add up to its supply")
