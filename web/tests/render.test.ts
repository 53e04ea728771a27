// @vitest-environment jsdom
import { expect, test } from 'vitest'
import { fileName } from '../src/preview/export'
import { render } from '../src/preview/render'

function html(markdown: string): string {
  const holder = document.createElement('div')
  holder.append(render(markdown))
  return holder.innerHTML
}

const HOSTILE = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '![x](https://elsewhere.example/pixel.png)',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt&colon;alert(1))',
  '[x](data:text/html,<script>alert(1)</script>)',
  '[x](vbscript:x)',
  '<a href="jav&#x09;ascript:alert(1)">x</a>',
  '<svg onload=alert(1)><script>alert(1)</script></svg>',
  '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
  '<iframe src="https://elsewhere.example"></iframe>',
  '<form action="https://elsewhere.example"><input type="password"><button>x</button></form>',
  '<style>@import "https://elsewhere.example/x.css"</style>',
  '<p style="background:url(https://elsewhere.example/x)">x</p>',
  '<a href="//elsewhere.example">x</a>',
  '<base href="https://elsewhere.example/"><link rel=stylesheet href=x>',
  '<details open ontoggle=alert(1)><summary>x</summary></details>',
  '<div id="root" name="body" class="cm-content">x</div>',
  '<video src=x onerror=alert(1)><source src=x></video><object data=x></object><embed src=x>',
  '| <b onclick=alert(1)>x</b> |\n|---|',
]

test.each(HOSTILE)('%s does nothing', (markdown) => {
  const shown = document.createElement('div')
  shown.append(render(markdown))
  const elements = [...shown.querySelectorAll('*')]
  const attributes = elements.flatMap((element) => [...element.attributes])
  const names = elements.map((element) => element.localName)
  for (const bad of [
    'script',
    'img',
    'svg',
    'iframe',
    'form',
    'style',
    'link',
    'base',
    'video',
    'object',
    'embed',
    'button',
  ]) {
    expect(names).not.toContain(bad)
  }
  for (const { name, value } of attributes) {
    expect(name).not.toMatch(/^on|^style$|^src|^id$|^name$/)
    if (name === 'href') expect(value).toMatch(/^(https?:|mailto:|#|\/(?!\/))/)
  }
})

test('what is written is shown', () => {
  expect(html('# A *b*\n\n- [x] done')).toContain('<h1>A <em>b</em></h1>')
  expect(html('- [x] done')).toContain('checked')
  expect(html('```js\n1 < 2\n```')).toContain('<code class="language-js">1 &lt; 2')
  expect(html('[x](https://example.com)')).toContain('rel="noopener noreferrer nofollow"')
})

test('an image is a link: nothing is fetched for it', () => {
  expect(html('![cat](https://example.com/cat.png)')).toMatch(
    /<a href="https:\/\/example.com\/cat.png".*cat<\/a>/,
  )
})

test('a title makes a file name everywhere', () => {
  expect(fileName('a/b: "c"?', 'md')).toBe('a b c.md')
  expect(fileName('..', 'md')).toBe('note.md')
})
