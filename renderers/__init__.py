"""Pure renderers: birth facts and a state in; token JSON, SVG, PNG, WebP and a page out. Same input, same bytes."""

from renderers.document import (
    DocumentRefused,
    Place,
    Sources,
    canonical_document,
    canonical_from_hosted,
    check_collection,
    check_document,
    collection_document,
    hosted,
    hosted_document,
    placeholder_token_document,
    token_document,
)
from renderers.model import BANDS, DIALS, MEDIA_FILES, MEDIA_LIMIT, Media, State, Subject
from renderers.placeholder import STATE as PLACEHOLDER_STATE
from renderers.placeholder import Sealed, placeholder_alt_text, render_placeholder
from renderers.portrait import alt_text, background_color
from renderers.registry import RENDERERS, Manifest, Renderer, get_renderer, placeholder_manifest, render

__all__ = [
    "BANDS",
    "DIALS",
    "MEDIA_FILES",
    "MEDIA_LIMIT",
    "PLACEHOLDER_STATE",
    "RENDERERS",
    "DocumentRefused",
    "Manifest",
    "Media",
    "Place",
    "Renderer",
    "Sealed",
    "Sources",
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
    "placeholder_alt_text",
    "placeholder_manifest",
    "placeholder_token_document",
    "render",
    "render_placeholder",
    "token_document",
]
