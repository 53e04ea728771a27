import { Marked, type Tokens } from 'marked'
import { escaped } from './escaped'
import { tidy } from './html'
import { sanitise } from './sanitise'

/** Markdown as a page shows it. */

const marked = new Marked({
  gfm: true,
  async: false,
  renderer: {
    html: ({ text }: Tokens.HTML | Tokens.Tag) => tidy(text),
    /** An image would be fetched from wherever its address is: a link is shown in its place. */
    image({ href, text }: Tokens.Image): string {
      return `<a href="${escaped(href)}">🖼 ${escaped(text || href)}</a>`
    },
  },
})

export function render(markdown: string): DocumentFragment {
  return sanitise(marked.parse(markdown) as string)
}
