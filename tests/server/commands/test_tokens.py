import asyncio
from pathlib import Path
from typing import Any

import pytest

from server.auth.secret import made
from server.auth.setup import tokens_of
from server.clock import utc_now
from server.config import load
from stores.engine import Database
from stores.records.revoked_tokens import RevokedTokens
from tests.server.test_cli import _alone, run

__all__ = ["_alone"]


def identity_of(token: str, folder: Path | None) -> Any:
    tokens = tokens_of(load(data_dir=folder))
    assert tokens is not None
    return asyncio.run(tokens.read(token))


@pytest.mark.parametrize(
    ("options", "access"),
    [([], "WRITE"), (["--read-only"], "READ"), (["--admin"], "ADMIN")],
)
def test_a_token_is_printed_alone_and_its_link_beside_it(tmp_path: Path, options: list[str], access: str) -> None:
    made_here = run(
        "token", "--workspace", "w", "--note", "a b", "--name", "Ann", "--data-dir", str(tmp_path), *options
    )
    assert made_here.exit_code == 0, made_here.output
    token = made_here.stdout.strip()
    identity = identity_of(token, tmp_path)
    (grant,) = identity.grants
    assert (grant.workspace, grant.note, grant.access.name, identity.name) == ("w", "a b", access, "Ann")
    assert f"id {identity.token_id}, expires 20" in made_here.stderr
    assert f"http://127.0.0.1:8787/w/w/a%20b#token={token}" in made_here.stderr


def test_a_token_may_hold_for_ever_and_come_from_a_shared_secret() -> None:
    forever = run("token", "--workspace", "*", "--expires", "never", ROUTA_AUTH_SECRET=made())
    assert forever.exit_code == 0
    assert "never expires" in forever.stderr
    assert f"http://127.0.0.1:8787/#token={forever.stdout.strip()}" in forever.stderr


@pytest.mark.parametrize("text", ["", "7", "d", "0d", "7y", "-1d", "99999999w"])
def test_what_is_no_time_is_refused(text: str) -> None:
    refused = run("token", "--workspace", "w", "--expires", text, ROUTA_AUTH_SECRET=made())
    assert refused.exit_code == 2
    assert "is no time" in refused.output


@pytest.mark.parametrize(
    ("options", "environment", "why"),
    [
        (["--read-only", "--admin"], {}, "either"),
        ([], {}, "--data-dir"),
        ([], {"ROUTA_AUTH": "off"}, "asks for no tokens"),
        ([], {"ROUTA_AUTH_SECRET": "short"}, "5 characters"),
    ],
)
def test_what_cannot_be_made_is_one_sentence(options: list[str], environment: dict[str, str], why: str) -> None:
    refused = run("token", "--workspace", "w", *options, **environment)
    assert refused.exit_code == 2
    assert why in refused.output


def taken_back(folder: Path) -> dict[str, str]:
    async def read() -> dict[str, str]:
        database = await Database.open(load(data_dir=folder).target())
        try:
            return dict(await RevokedTokens(database).all(utc_now()))
        finally:
            await database.close()

    return asyncio.run(read())


def test_a_token_is_taken_back_by_its_id_or_by_itself(tmp_path: Path) -> None:
    data = ("--data-dir", str(tmp_path))
    assert run("migrate", *data).exit_code == 0
    token = run("token", "--workspace", "w", *data).stdout.strip()
    identity = identity_of(token, tmp_path)
    assert run("revoke", token, "--read-only", *data).output == f"{identity.token_id} is read-only.\n"
    assert taken_back(tmp_path) == {identity.token_id: "read"}
    assert run("revoke", identity.token_id, *data).output == f"{identity.token_id} is taken back.\n"
    assert taken_back(tmp_path) == {identity.token_id: "none"}


def test_without_a_database_it_says_where_else() -> None:
    refused = run("revoke", "id")
    assert refused.exit_code == 2
    assert "/api/tokens/revoke" in refused.output
