"""The one error of the lab."""


class LabError(Exception):
    """The lab could not do what was asked; the text says what and where to look."""
