import re

from tests.server.conftest import Here

NOUNS = [
    "/api/workspaces",
    "/api/codebases/{codebase_id}",
    "/api/agents",
    "/api/tasks",
    "/api/conversations/{agent_id}",
]


async def test_the_document_describes_every_noun_and_its_failures(here: Here) -> None:
    async with here.client() as client:
        document = (await client.get("/api/openapi.json")).json()
        assert (await client.get("/api/openapi.json")).json() == document
    assert document["openapi"].startswith("3.1")
    assert set(NOUNS) <= set(document["paths"])
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    for operation in operations:
        assert operation["description"]
        assert {"400", "404", "503"} <= set(operation["responses"])
        assert "422" not in operation["responses"]
        assert ("requestBody" in operation) == ({"413", "415"} <= set(operation["responses"]))
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_the_page_loads_nothing_from_elsewhere(here: Here) -> None:
    async with here.client() as client:
        page = await client.get("/api/docs")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "//" not in re.sub(r"<!--.*?-->", "", page.text)
        found = re.findall(r"(?:src|href)=\"([^\"]+)\"|url: '([^']+)'", page.text)
        assets = [first or second for first, second in found]
        assert len(assets) == 4
        for asset in assets:
            assert (await client.get(asset)).status_code == 200
