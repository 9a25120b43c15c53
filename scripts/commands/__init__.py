"""The commands of `dnft`, by subject. Thin: they read options, call a use case, and show its result."""
