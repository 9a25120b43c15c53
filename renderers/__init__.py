"""Pure renderers: birth facts and a state in; token JSON, SVG, PNG, WebP and a page out. Same input, same bytes."""

from renderers.document import (
    DocumentRefused,
    canonical_document,
    canonical_from_hosted,
    check_collection,
    check_document,
    collection_document,
    hosted,
    hosted_document,
    token_document,
)
from renderers.model import BANDS, DIALS, MEDIA_FILES, MEDIA_LIMIT, Media, State, Subject
from renderers.portrait import alt_text, background_color
from renderers.registry import RENDERERS, Manifest, Renderer, get_renderer, render

__all__ = [
    "BANDS",
    "DIALS",
    "MEDIA_FILES",
    "MEDIA_LIMIT",
    "RENDERERS",
    "DocumentRefused",
    "Manifest",
    "Media",
    "Renderer",
    "State",
    "Subject",
    "alt_text",
    "background_color",
    "canonical_document",
    "canonical_from_hosted",
    "check_collection",
    "check_document",
    "collection_document",
    "get_renderer",
    "hosted",
    "hosted_document",
    "render",
    "token_document",
]
