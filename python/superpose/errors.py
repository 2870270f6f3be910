"""What goes wrong, in sentences."""


class Error(Exception):
    """The program `superpose` refused, or something was asked for that a run does not have."""


class FieldError(Error, KeyError):
    """No field, column, table or figure has this name; the message lists those that are like it."""

    def __str__(self) -> str:
        # A KeyError shows its message in quotation marks.
        return str(self.args[0]) if self.args else ""


class CellError(Error, LookupError):
    """No cell has these fields, several have where one is asked for, or a cell lacks what is asked of it."""


class DivergedWarning(UserWarning):
    """Some cells of a run diverged or failed: they have a record, and no weights."""
