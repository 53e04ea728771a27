"""What the native core raises, told apart from defects of ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from crdt.errors import InvalidUpdate

_NOT_DECODED = "Cannot decode"
"""How the native core begins when it has not touched a document yet."""


def refusal(error: BaseException) -> InvalidUpdate:
    """Turn what the native core raised about its input into a refusal; anything else is raised again.

    A panic is of a class that is exported nowhere and derives from ``BaseException`` itself; apart from it, only the
    interpreter's own three do.
    """
    ours = Exception, KeyboardInterrupt, SystemExit, GeneratorExit
    if isinstance(error, ours) and not isinstance(error, ValueError | RuntimeError):
        raise error
    return InvalidUpdate(f"The update cannot be applied: {error}")


def harmless(error: BaseException) -> bool:
    """Whether the native core refused an update before it changed anything."""
    return isinstance(error, ValueError) and str(error).startswith(_NOT_DECODED)


@contextmanager
def refusing() -> Iterator[None]:
    """Refuse what the native core raises about its input.

    Raises:
        InvalidUpdate: the native core did not take it.
    """
    try:
        yield
    except BaseException as error:  # noqa: BLE001 - a panic is no Exception
        raise refusal(error) from None
