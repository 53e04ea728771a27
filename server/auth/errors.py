"""Why somebody is not let in. The docstring is the default sentence."""

import inspect


class Refused(Exception):
    """You may not do this."""

    status = 403
    """The HTTP status."""

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or inspect.getdoc(type(self)))


class Unauthorized(Refused):
    """A token is needed: ask whoever runs this server for a link."""

    status = 401


class Forbidden(Refused):
    """This token does not allow that."""
