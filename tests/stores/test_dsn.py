import pytest

from stores.dsn import parse_dsn
from stores.errors import Misconfigured

NEON = "ep-cool-name-123456-pooler.eu-central-1.aws.neon.tech"
SUPABASE = "aws-0-eu-central-1.pooler.supabase.com"


@pytest.mark.parametrize(
    ("pasted", "clean", "pooler"),
    [
        ("postgres://u:p@db/notes", "postgresql://u:p@db/notes", False),
        ("postgresql://u:p@db/notes", "postgresql://u:p@db/notes", False),
        ("postgresql+asyncpg://u:p@db:5433/notes", "postgresql://u:p@db:5433/notes", False),
        ("postgresql+psycopg2://u:p@db/notes", "postgresql://u:p@db/notes", False),
        ("  'postgres://u:p@db/notes'\n", "postgresql://u:p@db/notes", False),
        ("postgres://db", "postgresql://db", False),
        ("postgres://u@db/", "postgresql://u@db", False),
        ("postgres://u:p@[::1]:5432/notes", "postgresql://u:p@[::1]:5432/notes", False),
        ("postgres://u:p@a:1,b:2/notes", "postgresql://u:p@a:1,b:2/notes", False),
        ("postgres:///notes?host=/run/pg", "postgresql:///notes?host=%2Frun%2Fpg", False),
        ("postgres://u@%2Frun%2Fpg/notes", "postgresql://u@%2Frun%2Fpg/notes", False),
        # Characters that a password may have, encoded or not.
        ("postgres://u:p%40s%2Fs@db/n", "postgresql://u:p%40s%2Fs@db/n", False),
        ("postgres://u:p@s:s@db/n", "postgresql://u:p%40s%3As@db/n", False),
        ("postgres://u:100%@db/n", "postgresql://u:100%25@db/n", False),
        # TLS in everybody's words.
        ("postgres://db/n?sslmode=require", "postgresql://db/n?sslmode=require", False),
        ("postgres://db/n?ssl=true", "postgresql://db/n?sslmode=require", False),
        ("postgres://db/n?ssl=verify-full", "postgresql://db/n?sslmode=verify-full", False),
        ("postgres://db/n?sslmode=no-verify", "postgresql://db/n?sslmode=require", False),
        ("postgres://db/n?sslmode=verify-ca&sslrootcert=a.crt", None, False),
        # Settings of the session stay, settings of other clients go.
        ("postgres://db/n?options=-c%20geqo%3Doff", "postgresql://db/n?options=-c+geqo%3Doff", False),
        ("postgres://db/n?application_name=x", "postgresql://db/n?application_name=x", False),
        ("postgres://db/n?schema=public&connection_limit=1", "postgresql://db/n", False),
        ("postgres://db/n?schema=notes", "postgresql://db/n?search_path=notes", False),
        ("postgres://db/n?pgbouncer=false&pool_timeout=0&connect_timeout=5", "postgresql://db/n", False),
        # Poolers: Neon, Vercel, Supabase, PgBouncer.
        (
            f"postgresql://u:p@{NEON}/n?sslmode=require&channel_binding=require",
            f"postgresql://u:p@{NEON}/n?sslmode=require",
            True,
        ),
        (
            f"postgres://u:p@{NEON.replace('-pooler', '')}/n?sslmode=require",
            f"postgresql://u:p@{NEON.replace('-pooler', '')}/n?sslmode=require",
            False,
        ),
        (
            f"postgres://default:p@{NEON}:5432/verceldb?sslmode=require&supa=base-pooler.x",
            f"postgresql://default:p@{NEON}:5432/verceldb?sslmode=require",
            True,
        ),
        (
            f"postgres://postgres.ref:p@{SUPABASE}:6543/postgres?pgbouncer=true&workaround=supabase-pooler.vercel",
            f"postgresql://postgres.ref:p@{SUPABASE}:6543/postgres",
            True,
        ),
        (f"postgres://u:p@{SUPABASE}:5432/postgres", f"postgresql://u:p@{SUPABASE}:5432/postgres", False),
        ("postgres://u:p@db/n?pgbouncer=true&connection_limit=1", "postgresql://u:p@db/n", True),
        ("postgres://u:p@/n?host=db&port=6543", "postgresql://u:p@/n?host=db&port=6543", True),
    ],
)
def test_urls_as_people_paste_them(pasted: str, clean: str | None, pooler: bool) -> None:
    dsn = parse_dsn(pasted)
    assert clean is None or dsn.url == clean
    assert dsn.pooler is pooler


def test_settings_of_certificates_are_kept() -> None:
    assert "sslrootcert=a.crt" in parse_dsn("postgres://db/n?sslmode=verify-ca&sslrootcert=a.crt").url


def test_the_certificates_of_this_machine() -> None:
    dsn = parse_dsn("postgres://db/n?sslmode=verify-full&sslrootcert=system")
    assert dsn.system_ca
    assert dsn.url == "postgresql://db/n"
    assert not parse_dsn("postgres://db/n?sslmode=verify-full").system_ca


@pytest.mark.parametrize(
    ("pasted", "label"),
    [
        ("postgres://u:hunter2@db:5433/notes?sslmode=require", "postgresql://u:***@db:5433/notes"),
        ("postgres://u@db", "postgresql://u@db"),
        ("postgres://db/notes", "postgresql://db/notes"),
        ("postgres://u:hunter2@/notes?host=/run/pg", "postgresql://u:***@/notes?host=/run/pg"),
        ("postgres://db/notes?user=u&password=hunter2", "postgresql://db/notes"),
    ],
)
def test_the_label_masks_the_password(pasted: str, label: str) -> None:
    dsn = parse_dsn(pasted)
    assert dsn.label == label
    assert "hunter2" not in repr(dsn)


@pytest.mark.parametrize("url", ["mysql://u:hunter2@db/n", "db/n", "prisma+postgres://x?api_key=hunter2", "https://x"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match="not the URL of a Postgres database") as error:
        parse_dsn(url)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:hunter#2@db/n",
        "postgres://u:hunter/2@db/n",
        "postgres://u:1/hunter2@db/n",
        "postgres://u:hunter?2@db/n",
        "postgres://u:1?hunter2@db/n",
        "postgres://u:1?a=hunter2@db/n",
        "postgres://u:hunter[2@db/n",
        "postgres://u:hunter2@db:x/n",
        "postgres://u:hunter2@db:65536/n",
        "postgres://u:hunter2@d]b/n",
        "postgres://u:hunter2@a:1,b:y/n",
    ],
)
def test_a_url_that_cannot_be_read_says_how_to_write_it_and_never_the_password(url: str) -> None:
    with pytest.raises(Misconfigured, match="percent-encode") as error:
        parse_dsn(url)
    assert "hunter" not in str(error.value)
    assert error.value.__cause__ is None


def test_an_unknown_sslmode_is_refused() -> None:
    with pytest.raises(Misconfigured, match="sslmode: write one of disable, allow, prefer, require"):
        parse_dsn("postgres://db/n?sslmode=strict")
