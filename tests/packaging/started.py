"""A server started by any command, as a user would: not from this checkout's modules, but from what was installed."""

from collections.abc import Mapping
from pathlib import Path

from tests.server_process import ServerProcess


class Started(ServerProcess):
    """The server of a command, to which a free port is added, in an environment of just these variables."""

    def __init__(self, command: list[str | Path], environment: Mapping[str, str]) -> None:
        """Prepare it; entering the context starts it."""
        super().__init__(environment, seconds=60)
        self._arguments = [str(argument) for argument in command]

    def _command(self) -> list[str]:
        return [*self._arguments, "--port", str(self.port)]

    def _environment(self) -> dict[str, str]:
        return dict(self.environment)
