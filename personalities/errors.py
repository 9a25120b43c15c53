"""What can be wrong with a pack."""


class PackError(ValueError):
    """A pack cannot be used. The message names the file and says what to change; trying again unchanged fails again."""
