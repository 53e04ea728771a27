import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { tags } from '@lezer/highlight'

/** How Markdown and code look; the colours are the page's, so that they follow light and dark. */
const style = HighlightStyle.define([
  { tag: tags.heading1, fontSize: '1.5em', fontWeight: '700', lineHeight: '1.35' },
  { tag: tags.heading2, fontSize: '1.25em', fontWeight: '700', lineHeight: '1.4' },
  { tag: tags.heading3, fontSize: '1.1em', fontWeight: '700' },
  { tag: tags.heading, fontWeight: '700' },
  { tag: tags.strong, fontWeight: '700' },
  { tag: tags.emphasis, fontStyle: 'italic' },
  { tag: tags.strikethrough, textDecoration: 'line-through' },
  { tag: tags.link, color: 'var(--link)' },
  { tag: tags.url, color: 'var(--link)', textDecoration: 'underline', textUnderlineOffset: '3px' },
  { tag: tags.quote, color: 'var(--muted)' },
  { tag: tags.monospace, fontFamily: 'var(--mono)', fontSize: '0.92em', color: 'var(--code)' },
  { tag: [tags.processingInstruction, tags.contentSeparator], color: 'var(--mark)' },
  { tag: tags.labelName, color: 'var(--mark)' },
  { tag: tags.escape, color: 'var(--mark)' },
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: 'var(--code-keyword)' },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--code-number)' },
  { tag: [tags.comment], color: 'var(--muted)', fontStyle: 'italic' },
  { tag: [tags.function(tags.variableName), tags.definition(tags.variableName)], color: 'var(--code-name)' },
  { tag: [tags.typeName, tags.className, tags.tagName, tags.propertyName], color: 'var(--code-name)' },
  { tag: tags.inserted, color: 'var(--code-string)' },
  { tag: tags.deleted, color: 'var(--bad)' },
])

export const highlighting = syntaxHighlighting(style)
