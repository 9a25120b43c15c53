"""The pack that the authoring guide walks through, made from nothing but the guide."""

import re
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs" / "packs.md"
_FILE = re.compile(r"^`(harbour/[a-z_/]+\.toml)`\n\n```toml\n(.*?)^```$", re.M | re.S)


def guide_pack(parent: Path) -> Path:
    """Write each file that the guide shows below `parent`; returns the pack's folder, not yet signed."""
    for name, content in _FILE.findall(GUIDE.read_text(encoding="utf-8")):
        file = parent / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return parent / "harbour"
