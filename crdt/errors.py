"""Why a client is closed. Each class carries its WebSocket close code; its docstring is the default reason."""

from typing import ClassVar


class ProtocolError(Exception):
    """The message does not follow the y-websocket protocol."""

    code: ClassVar[int] = 1002
    """The WebSocket close code (RFC 6455, 7.4)."""

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(reason or type(self).__doc__)

    @property
    def reason(self) -> str:
        """The sentence for the close frame, cut to the 123 bytes of UTF-8 that fit one."""
        return str(self).encode()[:123].decode(errors="ignore")


class MalformedMessage(ProtocolError):
    """The message is cut short or has a type that is not known here."""


class UnsupportedData(ProtocolError):
    """Text frames are not understood here: send binary frames."""

    code = 1003


class InvalidUpdate(ProtocolError):
    """The update is not a well-formed Yjs update (format v1)."""

    code = 1007


class InvalidAwareness(ProtocolError):
    """The awareness message is not well-formed."""

    code = 1007


class NoteFull(ProtocolError):
    """The note has reached its size limit: no more edits are taken."""

    code = 1009


class TryAgainLater(ProtocolError):
    """The server cannot keep this edit at the moment: reconnect and it is sent again."""

    code = 1013


class ReadOnly(ProtocolError):
    """You may read this note, not write in it: nothing was changed."""

    code = 4403


class ResetConnection(ProtocolError):
    """What you may do has changed: reconnect, so that what was not taken before is sent again."""

    code = 4205


class AuthenticationTimeout(ProtocolError):
    """No token that is good for something was shown in time."""

    code = 4408


class AccessEnded(ProtocolError):
    """The token is not valid any more."""

    code = 4401


class NoteGone(ProtocolError):
    """The note was deleted: what was not acknowledged is not kept."""

    code = 4404


class OldGeneration(ProtocolError):
    """The note was deleted and made again; this is the old one. Open it anew: what was typed here stays here."""

    code = 4409


class NoteClosed(ProtocolError):
    """What is stored of this note is damaged: it stays closed until somebody repairs it."""

    code = 4500


class TooMuchWaiting(ProtocolError):
    """Too much was sent before the document was open."""

    code = 1008


class TooManyBytes(ProtocolError):
    """Too many bytes were sent in a short time: slow down, and reconnect later."""

    code = 4429


class TooMuchMissing(ProtocolError):
    """Too much of what was sent here leans on edits that never came: reconnect, so that all of it is sent in order."""

    code = 1013


class SlowReader(ProtocolError):
    """This connection reads more slowly than the note changes: reconnect to catch up."""

    code = 1013


class Stopping(ProtocolError):
    """The server is stopping: reconnect in a moment."""

    code = 1001
