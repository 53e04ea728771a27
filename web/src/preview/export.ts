import { escaped } from './escaped'

/** Notes as files. */

function save(name: string, content: string, type: string): void {
  const address = URL.createObjectURL(new Blob([content], { type: `${type};charset=utf-8` }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}

/** A title as the name of a file, on every system. */
export function fileName(title: string, extension: string): string {
  const safe = title
    .normalize('NFC')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in a name
    .replace(/[\u0000-\u001f\u007f<>:"/\\|?*]+/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^\.+|[. ]+$/g, '')
  return `${[...safe].slice(0, 80).join('') || 'note'}.${extension}`
}

export function saveMarkdown(title: string, text: string): void {
  save(fileName(title, 'md'), text, 'text/markdown')
}

export async function saveHtml(title: string, text: string): Promise<void> {
  const { render } = await import('./render')
  const body = document.createElement('body')
  body.append(render(text))
  const lines = [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(title)}</title>`,
    // A page by itself, without a policy of its own that would refuse a style.
    `<style>${STYLE}</style>`,
    body.outerHTML,
    '</html>',
  ]
  save(fileName(title, 'html'), `${lines.join('\n')}\n`, 'text/html')
}

const STYLE = [
  ':root{color-scheme:light dark;font:17px/1.65 system-ui,sans-serif}body{max-width:72ch;margin:3rem auto;padding:0 1rem}',
  'pre{padding:1rem;overflow:auto;border-radius:6px;background:color-mix(in srgb,currentColor 7%,transparent)}',
  'blockquote{margin-left:0;padding-left:1rem;border-left:3px solid;opacity:.8}table{border-collapse:collapse}',
  'td,th{padding:.3rem .7rem;border:1px solid color-mix(in srgb,currentColor 25%,transparent)}',
].join('')
