import asyncio
import os
import signal
import socket
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server import cli, config
from server.config import Settings
from server.flightrecorder import FlightRecorder
from server.runner import listen
from server.supervisor import Flight
from server.version import VERSION


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(config.variable(name), raising=False)
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, **environment: str) -> Result:
    """Run a command in this process, which must not fork."""
    return CliRunner().invoke(cli.main, arguments, env={"ROUTA_SUPERVISE": "false"} | environment)


def test_it_says_which_release_it_is() -> None:
    assert run("--version").output == f"routa-notes, version {VERSION}\n"


def test_help_names_the_commands() -> None:
    output = run("--help").output
    for command in ("serve", "migrate", "check", "quarantine", "repair"):
        assert command in output


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"ROUTA_DB_DRIVER": "mongo"}, 'ROUTA_DB_DRIVER is "mongo": write postgres, sqlite or memory'),
        ({"DATABASE_URL": "mysql://db/notes"}, "DATABASE_URL is not the URL of a Postgres database"),
        ({"DATABASE_URL": "postgres://db/n", "ROUTA_DB_DRIVER": "sqlite"}, "unset one of them"),
        ({"DATABASE_URL": "postgres://ann:secret@127.0.0.1:1/n"}, "cannot be used"),
        ({"ROUTA_COMPACT_BYTES": "many"}, "ROUTA_COMPACT_BYTES"),
        ({"ROUTA_HOOKS": "no_such_module"}, "The hooks no_such_module, which ROUTA_HOOKS names, cannot be loaded"),
        ({"ROUTA_WEBHOOK_URL": "https://hooks.example.com/"}, "but not ROUTA_WEBHOOK_SECRET"),
        ({"ROUTA_DB_DRIVER": "sqlite", "ROUTA_DB_PATH": "/proc/none/notes.db"}, "cannot be made"),
    ],
)
def test_what_cannot_start_says_so_in_one_sentence(environment: dict[str, str], sentence: str) -> None:
    result = run("serve", "--port", "0", **environment)
    assert result.exit_code == 2
    assert sentence in result.output
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1
    assert "secret" not in result.output


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with listen("127.0.0.1", 0) as taken:
        taken.listen()
        result = run("serve", "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 2
    assert "choose another with --port or --host" in result.output


def test_a_host_that_is_not_known_is_one_sentence() -> None:
    result = run("serve", "--host", "no.such.host.invalid", "--port", "0")
    assert result.exit_code == 2
    assert "Cannot listen on no.such.host.invalid" in result.output


def test_migrate_makes_the_schema_and_check_compares_it(tmp_path: Path) -> None:
    folder = str(tmp_path / "data")
    assert run("check", "--data-dir", folder).exit_code == 1
    migrated = run("migrate", "--data-dir", folder)
    assert (migrated.exit_code, migrated.output) == (0, "The schema is up to date.\n")
    checked = run("check", "--data-dir", folder)
    assert (checked.exit_code, checked.output) == (0, "The schema is what this release expects.\n")
    with sqlite3.connect(tmp_path / "data" / "routa-notes.db") as connection:
        connection.execute("ALTER TABLE notes DROP COLUMN title")
    connection.close()
    drifted = run("check", "--data-dir", folder)
    assert drifted.exit_code == 1
    assert "title" in drifted.output


async def test_serve_shows_its_banner_answers_and_stops_on_a_signal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = config.load(data_dir=tmp_path / "data", shutdown_seconds=2.0)
    sock = listen("127.0.0.1", 0)
    port = sock.getsockname()[1]
    serving, shown = asyncio.create_task(cli._serve(settings, sock, Flight(FlightRecorder()))), ""
    async with asyncio.timeout(10):
        while "Ctrl+C" not in (shown := shown + capsys.readouterr().out):
            await asyncio.sleep(0.001)
    assert await _answers(port)
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(10):
        await serving
    assert f"http://127.0.0.1:{port}/" in shown
    assert str(tmp_path / "data") in shown


async def _answers(port: int) -> bool:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /api/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return b"200 OK" in answer


def test_a_socket_is_let_go_when_the_store_cannot_be_opened() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run("serve", "--port", str(port), ROUTA_DB_DRIVER="mongo")
    with listen("127.0.0.1", port) as sock:
        assert sock.getsockname()[1] == port


def test_a_start_that_lets_nobody_be_told_apart_from_outside_is_one_sentence() -> None:
    refused = run("serve", "--host", "0.0.0.0", "--port", "0")
    assert refused.exit_code == 2
    assert "ROUTA_AUTH_SECRET" in refused.output
    assert refused.output.count("\n") == 1


async def test_a_server_that_lets_everybody_in_from_outside_says_so_at_each_start(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, flight = config.load(auth="off", shutdown_seconds=2.0), Flight(FlightRecorder())
    serving = asyncio.create_task(cli._serve(settings, listen("0.0.0.0", 0), flight))
    async with asyncio.timeout(10):
        while "Ctrl+C" not in capsys.readouterr().out:
            await asyncio.sleep(0.001)
    os.kill(os.getpid(), signal.SIGTERM)
    await serving
    assert "ROUTA_AUTH=off: whoever reaches 0.0.0.0" in caplog.text
