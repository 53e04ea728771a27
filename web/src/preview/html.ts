/**
 * HTML that stands in a note, reduced to tags that are known to be harmless before any browser reads it: so nothing
 * that is left open swallows the rest of the note, and the content security policy has nothing to complain of. What
 * comes out is sanitised all the same.
 */

export const TAGS = [
  ...[
    'h1',
    'h2',
    'h3',
    'h4',
    'h5',
    'h6',
    'p',
    'br',
    'hr',
    'blockquote',
    'pre',
    'code',
    'ul',
    'ol',
    'li',
    'a',
  ],
  ...[
    'em',
    'strong',
    'b',
    'i',
    'u',
    'del',
    's',
    'sub',
    'sup',
    'kbd',
    'mark',
    'ins',
    'abbr',
    'details',
    'summary',
  ],
  ...['table', 'thead', 'tbody', 'tr', 'th', 'td', 'input', 'dl', 'dt', 'dd', 'span', 'div'],
]
export const ATTRIBUTES = [
  ...['href', 'title', 'align', 'start', 'checked', 'disabled', 'type', 'open', 'lang', 'dir', 'class'],
  ...['colspan', 'rowspan'],
]

const SILENT =
  /<(script|style|template|noscript|title|textarea|xmp|iframe|noembed|noframes|svg|math)\b[\s\S]*?(?:<\/\1\s*>|$)/gi
const COMMENT = /<!--[\s\S]*?(?:-->|$)|<[!?][^>]*(?:>|$)/g
const TAG = /<(\/?)([a-z][\w:-]*)((?:"[^"]*"|'[^']*'|[^'">])*)(>|$)|</gi
const ATTRIBUTE = /([a-z][\w:-]*)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?/gi

function attributes(written: string): string {
  return [...written.matchAll(ATTRIBUTE)]
    .filter(([, name = '']) => ATTRIBUTES.includes(name.toLowerCase()))
    .map(([, name = '', value = '']) => {
      const bare = /^["']/.test(value) ? value.slice(1, -1) : value
      return ` ${name.toLowerCase()}="${bare.replaceAll('"', '&quot;').replaceAll('<', '&lt;')}"`
    })
    .join('')
}

export function tidy(html: string): string {
  return html
    .replace(COMMENT, '')
    .replace(SILENT, '')
    .replace(TAG, (_all, slash = '', name: string | undefined, rest = '') => {
      if (name === undefined) return '&lt;'
      const tag = name.toLowerCase()
      if (!TAGS.includes(tag)) return ''
      return slash ? `</${tag}>` : `<${tag}${attributes(rest)}>`
    })
}
