"""What blind collections show before their reveal."""

import pytest

from personalities import load_pack, placeholder_description, placeholder_document, placeholder_name, violations


@pytest.mark.parametrize("name", ["dixie", "mibera"])
def test_placeholder_tells_nothing_but_the_number(name: str) -> None:
    pack = load_pack(name)
    first, other = placeholder_document(pack, 7), placeholder_document(pack, 1_048_575)
    assert first.startswith(f"# {placeholder_name(pack, 7)}\n\n") and first.endswith("\n")
    assert first.replace("7", "1048575") == other
    assert placeholder_name(pack, 7) != placeholder_name(pack, 8)
    assert placeholder_description(pack) and "{" not in first + placeholder_description(pack)
    assert violations(first + placeholder_description(pack), pack) == []
    assert len(other.encode()) < 8192
    assert pack.placeholder.motif and len(pack.placeholder.colours) >= 2


def test_placeholder_of_a_negative_id_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        placeholder_document(load_pack("dixie"), -1)
