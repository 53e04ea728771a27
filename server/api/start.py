"""The page that the printed link opens."""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse

from server.headers import page_policy, source_of
from server.version import VERSION

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Routa Notes</title>
<style>
  :root {{ color-scheme: light dark; }}
  body {{ font: 1rem/1.6 system-ui, sans-serif; max-width: 50rem; margin: 4rem auto; padding: 0 1.5rem; }}
  h1 {{ font-size: 1.5rem; margin-bottom: 0; }}
  code {{ white-space: nowrap; }}
  pre {{ padding: 1rem; border: 1px solid #8884; border-radius: .5rem; overflow-x: auto; font-size: .875rem; }}
  .quiet {{ opacity: .7; margin-top: 0; }}
</style>
<h1>Routa Notes is running</h1>
<p class="quiet">Version {version}</p>
<p>Editors write a note together at <code>ws://{host}/ws/{{workspaceId}}/{{noteId}}</code>. With
<code>npm install yjs y-websocket</code>:</p>
<pre>import * as Y from "yjs"
import {{ WebsocketProvider }} from "y-websocket"

const doc = new Y.Doc()
const provider = new WebsocketProvider("ws://{host}/ws", "default/welcome", doc)
doc.getText("content").insert(0, "Hello. ")</pre>
<p>A note that does not exist yet is created. The server's health: <a href="/api/health">/api/health</a>.</p>
</html>
"""


async def start_page(request: Request) -> HTMLResponse:
    """Answer ``GET /``: that the server runs, and how an editor connects."""
    page = _PAGE.format(version=escape(VERSION), host=escape(request.url.netloc))
    style = page[page.index("<style>") + len("<style>") : page.index("</style>")]
    return HTMLResponse(page, headers={"Content-Security-Policy": page_policy(f"style-src {source_of(style)}")})
