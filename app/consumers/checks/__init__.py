"""All checks; importing this package registers them."""

from app.consumers.checks import answers, caching, document, images, media, origins, traits

__all__ = ["answers", "caching", "document", "images", "media", "origins", "traits"]
