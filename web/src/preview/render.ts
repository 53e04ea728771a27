import { Marked, type Tokens } from 'marked'
import { sanitise } from './sanitise'

/** Markdown as a page shows it. */

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const marked = new Marked({
  gfm: true,
  async: false,
  renderer: {
    /** An image would be fetched from wherever its address is: a link is shown in its place. */
    image({ href, text }: Tokens.Image): string {
      return `<a href="${escaped(href)}">🖼 ${escaped(text || href)}</a>`
    },
  },
})

export function render(markdown: string): DocumentFragment {
  return sanitise(marked.parse(markdown) as string)
}
