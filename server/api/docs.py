"""The OpenAPI document, and a page to read it on that needs no other server."""

import re
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from server.headers import page_policy, source_of
from server.version import VERSION

DOCUMENT = "/api/openapi.json"
PAGE = "/api/docs"
_ASSETS = f"{PAGE}/assets"
_FOR_BODIES = {"413": "The body is too large", "415": "The body is not JSON"}
_FAILURE = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}


def document(app: FastAPI) -> dict[str, Any]:
    """Give the OpenAPI 3.1 document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title="Routa Notes", version=VERSION, summary=_SUMMARY, routes=app.routes)
        for path in made["paths"].values():
            for operation in path.values():
                _say_what_we_answer(operation)
        made["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
        schemas = made["components"]["schemas"]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = made
    return app.openapi_schema


_SUMMARY = "Collaborative notes, and the workspaces, agents, tasks and schedules around them."


def _say_what_we_answer(operation: dict[str, Any]) -> None:
    """Put our failures in the place of FastAPI's."""
    responses = operation["responses"]
    operation["security"] = [{"token": []}] if "401" in responses else []
    responses.pop("422", None)
    if "requestBody" in operation:
        responses |= {status: {"description": text, "content": _FAILURE} for status, text in _FOR_BODIES.items()}


async def _page(request: Request) -> HTMLResponse:
    root = request.scope.get("root_path", "")
    page = get_swagger_ui_html(
        openapi_url=root + DOCUMENT,
        title="Routa Notes: HTTP API",
        swagger_js_url=f"{root}{_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{root}{_ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{root}{_ASSETS}/favicon-32x32.png",
        swagger_ui_parameters={"validatorUrl": None, "filter": True, "docExpansion": "list"},
    )
    page.headers["Content-Security-Policy"] = _policy(bytes(page.body).decode())
    return page


def _policy(page: str) -> str:
    """Let the page run its own script and no other; Swagger UI styles elements, and has its icons in data URLs."""
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    return page_policy(
        f"script-src 'self' {' '.join(source_of(script) for script in scripts)}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
    )


ROUTES = [
    Route(PAGE, _page),
    Mount(_ASSETS, StaticFiles(packages=[("fastapi_swagger", "resources")])),
]
"""The page and what it is made of."""
