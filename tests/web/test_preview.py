"""The preview shows Markdown, and nothing in a note, a title or a name runs."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.web.conftest import OpenWindow
from tests.web.house import House
from tests.web.window import NETWORK

pytestmark = pytest.mark.asyncio(loop_scope="session")

RUN = "globalThis.pwned=1"
CORPUS = [
    f"<script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"<svg onload={RUN}></svg>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s></svg>",
    "<svg><use href=\"data:image/svg+xml,<svg id='x' xmlns='http://www.w3.org/2000/svg'/>#x\"></use></svg>",
    f'<a href="javascript:{RUN}">a</a>',
    f'<a href=" &#106;avascript:{RUN}">b</a>',
    f'<a href="java\tscript:{RUN}">c</a>',
    f'<a href="data:text/html,<script>{RUN}</script>">d</a>',
    f'<a href="vbscript:{RUN}">e</a>',
    f"[f](javascript:{RUN})",
    f"[g](JaVaScRiPt:{RUN})",
    "[h](data:text/html;base64,PHNjcmlwdD5nbG9iYWxUaGlzLnB3bmVkPTE8L3NjcmlwdD4=)",
    f"[i]: javascript:{RUN}\n\n[i]",
    f"<javascript:{RUN}>",
    f"![j](javascript:{RUN})",
    f'![k" onerror="{RUN}](x)',
    f'<iframe srcdoc="<script>parent.{RUN}</script>"></iframe>',
    '<iframe src="javascript:parent.pwned=1"></iframe>',
    f'<object data="javascript:{RUN}"></object><embed src="javascript:{RUN}">',
    f'<form action="javascript:{RUN}"><button id=submit>l</button></form>',
    f'<button formaction="javascript:{RUN}">m</button>',
    f"<details open ontoggle={RUN}>n</details>",
    f"<input autofocus onfocus={RUN}>",
    f"<video><source onerror={RUN}></video>",
    f"<body onload={RUN}>",
    f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={RUN}&gt;">',
    f'<noscript><p title="</noscript><img src=x onerror={RUN}>">',
    "<style>@import 'http://evil.example/x.css'; * { background: url(http://evil.example/y) }</style>",
    "<link rel=stylesheet href=http://evil.example/z.css>",
    '<meta http-equiv=refresh content="0;url=http://evil.example/">',
    "<base href=http://evil.example/>",
    '<div style="background:url(http://evil.example/w)">o</div>',
    f"```html\n<script>{RUN}</script>\n```",
    f'```"><script>{RUN}</script>\ncode\n```',
    f"`<img src=x onerror={RUN}>`",
    f"# <img src=x onerror={RUN}>",
    f"- [ ] <img src=x onerror={RUN}>",
    f"| <script>{RUN}</script> |\n| --- |\n| <img src=x onerror={RUN}> |",
]
DANGEROUS = """node => [...node.querySelectorAll('*')].flatMap(one => {
  const found = [...one.attributes].filter(({ name, value }) =>
    /^on|^srcdoc$|^formaction$|^style$/i.test(name) ||
    (/^(href|src|action|data|xlink:href)$/i.test(name) &&
      /^[\\s\\0-\\x20]*(java\\s*script|vbscript|data):/i.test(value)))
  const bad = /^(script|style|iframe|object|embed|form|base|meta|link|frame|frameset|applet|body)$/i.test(one.tagName)
  return found.map(({ name, value }) => `${one.tagName} ${name}=${value}`).concat(bad ? [one.tagName] : [])
})"""


MARKDOWN = """# One

some *words* and `code`

- [x] done
- [ ] open

| a | b |
| - | - |
| 1 | 2 |

```python
x = 1
```
"""


async def test_markdown_is_shown(house: House, window: OpenWindow) -> None:
    await house.note("mark", MARKDOWN)
    ada = await window(house, "mark", "Ada")
    await ada.part("view-read").click()
    shown = ada.part("preview")
    await expect(shown.get_by_role("heading", name="One")).to_be_visible()
    await expect(shown.locator("em")).to_have_text("words")
    await expect(shown.get_by_role("cell", name="2")).to_be_visible()
    await expect(shown.get_by_role("checkbox")).to_have_count(2)
    await expect(shown.locator("pre code")).to_contain_text("x = 1")
    await ada.part("view-split").click()
    await ada.write("## Two\n")
    await expect(shown.get_by_role("heading", name="Two")).to_be_visible()
    await expect(ada.editor).to_be_visible()


@pytest.mark.parametrize("view", ["view-read", "view-split"])
async def test_nothing_in_a_note_runs_or_loads(house: House, window: OpenWindow, view: str) -> None:
    await house.note("bad", "\n\n".join(["begin", *CORPUS, "[end](https://example.org/end)"]))
    ada = await window(house, "bad", "Ada")
    await ada.part(view).click()
    shown = ada.part("preview")
    await expect(shown.get_by_role("link", name="end")).to_be_visible()
    assert await shown.evaluate(DANGEROUS) == []
    for link in await shown.locator("a:not([href^='https://example.org'])").all():
        await link.dispatch_event("click")
    assert await ada.page.evaluate("globalThis.pwned") is None
    assert ada.page.url == house.link("bad")
    assert [url for url in ada.requests if "evil" in url] == []


async def test_titles_and_names_are_text(house: House, window: OpenWindow) -> None:
    image = f"<img src=x onerror={RUN}>"
    await house.note("plan", "text\n", title=image)
    ada, ben = await window(house, "plan", "Ada"), await window(house, "plan", f"Ben{image}")
    await expect(ada.part("title")).to_have_value(image)
    await expect(ada.part("note-row").first).to_contain_text(image)
    await ben.write("here")
    await expect(ada.part("avatar")).to_have_count(1)
    await expect(ada.page.locator(".remote-cursor")).to_have_count(1)
    for one in (ada, ben):
        assert await one.page.evaluate("document.querySelectorAll('img[src=x], [onerror]').length") == 0
        assert await one.page.evaluate("globalThis.pwned") is None


async def test_what_is_exported_as_html_is_as_harmless(house: House, window: OpenWindow, tmp_path: Path) -> None:
    await house.note("bad", "\n\n".join(["# Export", *CORPUS]))
    ada = await window(house, "bad", "Ada")
    async with ada.page.expect_download() as download:
        await ada.chooses("Export as HTML")
    exported = tmp_path / "bad.html"
    await (await download.value).save_as(exported)
    page = await ada.page.context.new_page()
    await page.goto(exported.as_uri())
    await expect(page.get_by_role("heading", name="Export")).to_be_visible()
    assert await page.evaluate("globalThis.pwned") is None
    assert await page.locator("body").evaluate(DANGEROUS) == []


async def test_what_is_exported_as_markdown_is_the_text(house: House, window: OpenWindow) -> None:
    await house.note("plain", "# Plain 😀\n\n- text\n", title="Plain / text")
    ada = await window(house, "plain", "Ada")
    async with ada.page.expect_download() as download:
        await ada.chooses("Export as Markdown")
    file = await download.value
    assert file.suggested_filename.endswith(".md")
    assert (await file.path()).read_text() == "# Plain 😀\n\n- text\n"


async def test_the_policy_stops_what_would_slip_through(house: House, window: OpenWindow) -> None:
    await house.note("policy", "")
    ada = await window(house, "policy", "Ada")
    ada.forgive("Content Security Policy", NETWORK)
    await ada.page.evaluate(
        """() => {
          const script = document.createElement('script')
          script.textContent = 'globalThis.pwned = 1'
          document.body.append(script)
          const image = document.createElement('div')
          image.innerHTML = '<img src=/nothing.png onerror="globalThis.pwned = 1">'
          document.body.append(image)
        }"""
    )
    refused = await ada.page.evaluate("fetch('http://127.0.0.2:1/').then(() => 'let through', () => 'refused')")
    assert refused == "refused"
    assert await ada.page.evaluate("globalThis.pwned") is None


async def test_nothing_is_exported_before_the_text_is_there(house: House, window: OpenWindow) -> None:
    await house.note("plain", "text")
    await house.note("slow", "this does not come")
    ada = await window(house, "plain", "Ada")
    await ada.page.route_web_socket(re.compile("/hocuspocus"), lambda _: None)  # it opens, and nothing comes
    await ada.open(house.link("slow"))
    await ada.part("note-menu").click()
    for name in ("Duplicate", "Export as Markdown", "Export as HTML"):
        await expect(ada.page.get_by_role("menuitem", name=name)).to_be_disabled()
    await expect(ada.page.get_by_role("menuitem", name="Details")).to_be_enabled()
