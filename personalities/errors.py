"""What can be wrong with a pack."""


class PackError(ValueError):
    """A pack cannot be used. Each problem names the file and says what to change; the message has one a line. Trying
    again unchanged fails again."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
