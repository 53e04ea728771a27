"""Every failure is one sentence in JSON."""

import logging
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from server.api.errors import Refusal, http_error, invalid_request
from stores.engine import Database
from stores.errors import StoreError, Unavailable
from tests.server.conftest import Here, quick, serving

NUL = "it holds a NUL character, which cannot be kept"


async def test_an_address_says_which_methods_it_takes(here: Here) -> None:
    async with here.client() as client:
        assert (await client.put("/api/tasks")).headers["allow"] == "DELETE, GET, POST"
        assert (await client.post("/api/tasks/a")).headers["allow"] == "DELETE, GET, PATCH"
        assert (await client.post("/api/tasks/ready")).headers["allow"] == "GET"
        assert (await client.post("/")).headers["allow"] == "GET, HEAD"


async def refusal(here: Here, method: str, path: str, **options: Any) -> tuple[int, dict[str, Any]]:
    async with here.client() as client:
        answer = await client.request(method, path, **options)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["error"].endswith(".")
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("body", "sentence", "field"),
    [
        ({}, 'The field "title" is missing.', "title"),
        ({"title": None}, 'The field "title" is not valid: input should be a valid string.', "title"),
        ({"title": 1}, 'The field "title" is not valid: input should be a valid string.', "title"),
        ({"title": "a\0"}, f'The field "title" is not valid: {NUL}.', "title"),
        (
            {"title": "a", "metadata": {"b": 1}},
            'The field "metadata.b" is not valid: input should be a valid string.',
            "metadata.b",
        ),
        ({"title": "a", "repoPath": []}, 'The field "repoPath" is not valid: input should be a valid string.', None),
        ({"title": "a", "id": "b/c"}, 'The field "id" is not valid: it cannot be a part of a URL.', None),
        ([], "The body must be a JSON object.", None),
        (None, "The body must be a JSON object.", None),
    ],
)
async def test_a_wrong_field_is_named(here: Here, body: object, sentence: str, field: str | None) -> None:
    status, answer = await refusal(here, "POST", "/api/workspaces", json=body)
    assert (status, answer["error"]) == (400, sentence)
    if field:
        assert answer["field"] == field


@pytest.mark.parametrize(
    "content", [b"{", b"", b'{"title": NaN}', b'{"title": "\\ud800"}', b'{"title": "\xff"}', b"[" * 100_000]
)
async def test_a_body_that_is_not_json_is_refused(here: Here, content: bytes) -> None:
    status, answer = await refusal(
        here, "POST", "/api/workspaces", content=content, headers={"Content-Type": "application/json"}
    )
    assert status == 400
    assert answer["error"].startswith("The body ")


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/api/tasks?limit=0", 'The parameter "limit" is not valid: input should be greater than or equal to 1.'),
        ("/api/tasks?limit=1001", 'The parameter "limit" is not valid: input should be less than or equal to 1000.'),
        ("/api/tasks?workspaceId=%00", f'The parameter "workspaceId" is not valid: {NUL}.'),
        (
            "/api/workspaces?status=gone",
            "The parameter \"status\" is not valid: input should be 'active' or 'archived'.",
        ),
        ("/api/workspaces?cursor=abc", "The cursor is not one that this list gave: ask again without it."),
    ],
)
async def test_a_wrong_parameter_is_named(here: Here, path: str, sentence: str) -> None:
    status, answer = await refusal(here, "GET", path)
    assert (status, answer["error"]) == (400, sentence)


@pytest.mark.parametrize(
    ("method", "path", "status", "sentence"),
    [
        ("GET", "/api/nothing", 404, "There is nothing at this address."),
        ("GET", "/api/tasks/", 404, "There is nothing at this address."),
        ("GET", "/api/docs/assets/nothing.js", 404, "There is nothing at this address."),
        ("GET", "/api/tasks/nothing", 404, 'There is no task "nothing".'),
        ("PUT", "/api/tasks", 405, "This address does not take that method."),
    ],
)
async def test_what_is_not_there(here: Here, method: str, path: str, status: int, sentence: str) -> None:
    assert await refusal(here, method, path) == (status, {"error": sentence})


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "text/json"])
async def test_a_body_that_is_not_said_to_be_json_is_refused(here: Here, content_type: str) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    status, answer = await refusal(here, "POST", "/api/workspaces", content=b'{"title": "a"}', headers=headers)
    assert (status, answer["error"]) == (
        415,
        "The body must be JSON: send it with Content-Type: application/json.",
    )


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/a+json"])
async def test_json_may_be_said_in_other_words(here: Here, content_type: str) -> None:
    async with here.client() as client:
        answer = await client.post("/api/workspaces", content=b'{"title": "a"}', headers={"Content-Type": content_type})
    assert answer.status_code == 201


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_may_be_so_large_and_no_larger(chunked: bool) -> None:
    fits, too_large = (b'{"title": "%s"}' % (b"x" * size) for size in (2048 - 13, 2048 - 12))

    def sent(body: bytes) -> Any:
        async def chunks() -> Any:
            for start in range(0, len(body), 100):
                yield body[start : start + 100]

        return chunks() if chunked else body

    async with serving(quick(max_body_bytes=2048)) as here, here.client() as client:
        json = {"Content-Type": "application/json"}
        assert (await client.post("/api/workspaces", content=sent(fits), headers=json)).status_code == 201
        answer = await client.post("/api/workspaces", content=sent(too_large), headers=json)
        assert (answer.status_code, answer.json()) == (
            413,
            {"error": "The body is larger than 2,048 bytes, the most that is taken."},
        )
        assert (await client.get("/api/health")).status_code == 200


async def test_a_store_that_cannot_be_reached_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(quick()) as here:
        away = Unavailable("The store is away; look whether it runs.")
        monkeypatch.setattr(Database, "read_rows", raising(away))
        assert await refusal(here, "GET", "/api/tasks") == (503, {"error": str(away)})


async def test_a_statement_that_the_store_refuses_is_a_defect(
    here: Here, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Database, "read_rows", raising(StoreError("SELECT secret")))
    assert await refusal(here, "GET", "/api/tasks") == (
        500,
        {"error": "The server made a mistake; its log says more."},
    )
    assert "SELECT secret" in caplog.text


def raising(error: Exception) -> Any:
    async def read_rows(*_: object) -> None:
        raise error

    return read_rows


async def test_a_refusal_may_carry_details() -> None:
    request = Request({"type": "http"})
    answer = await http_error(request, Refusal(412, "It moved on.", version=2))
    assert (answer.status_code, answer.body) == (412, b'{"error":"It moved on.","version":2}')
    answer = await http_error(request, Refusal(429, "Too Many Requests"))
    assert answer.body == b'{"error":"Too Many Requests."}'


@pytest.mark.parametrize("handler", [http_error, invalid_request])
async def test_an_error_of_another_kind_goes_on(handler: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        await handler(Request({"type": "http"}), ZeroDivisionError())


async def test_a_defect_is_logged_and_its_trace_stays_inside(
    here: Here, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Database, "read_rows", raising(ZeroDivisionError("secret detail")))
    with caplog.at_level(logging.ERROR):
        answer = await refusal(here, "GET", "/api/tasks")
    assert answer == (500, {"error": "The server made a mistake; its log says more."})
    assert "secret detail" in caplog.text


async def test_text_that_looks_like_sql_is_text(http: httpx.AsyncClient) -> None:
    title = "'; DROP TABLE tasks; -- %s ? :x {}"
    made = (await http.post("/api/tasks", json={"title": title, "objective": title})).json()["task"]
    assert (await http.get(f"/api/tasks/{made['id']}")).json()["task"]["title"] == title
    listed = await http.get("/api/tasks", params={"assignedTo": "' OR 1=1 --"})
    assert listed.json() == {"tasks": []}
