import { syntaxTree } from '@codemirror/language'
import { type Extension, RangeSetBuilder } from '@codemirror/state'
import {
  Decoration,
  type DecorationSet,
  type EditorView,
  ViewPlugin,
  type ViewUpdate,
} from '@codemirror/view'

/** Lines of code, quotations and list items look like what they are, as far as they are in sight. */

const code = Decoration.line({ class: 'code-line' })
const quote = Decoration.line({ class: 'quote-line' })

const pen = document.createElement('canvas').getContext('2d')
const widths = new Map<string, number>()
const MARKER = /^(\s*(?:>\s*)*(?:[-*+]|\d+[.)])\s+)(?:\[[ xX]\](\s))?/

/** How wide a text is, in pixels; markers are few, so each is measured once. */
function widthOf(text: string, font: string): number {
  const key = font + text
  let width = widths.get(key)
  if (width === undefined) {
    if (pen) pen.font = font
    width = pen?.measureText(text.replaceAll('\t', '    ')).width ?? 0
    widths.set(key, width)
  }
  return width
}

/** A list item whose further lines begin where its text does. */
function hanging(text: string, font: string, size: number): Decoration | null {
  const found = MARKER.exec(text)
  if (!found?.[1]) return null
  const box = found[2] === undefined ? 0 : 1.2 * size + widthOf(found[2], font)
  const hang = Math.min(widthOf(found[1], font) + box, 12 * size)
  return Decoration.line({ class: 'hanging-line', attributes: { style: `--hang: ${hang.toFixed(1)}px` } })
}

function lines(view: EditorView): DecorationSet {
  const marks = new Map<number, Decoration>()
  const { fontSize, fontFamily } = getComputedStyle(view.contentDOM)
  const font = `${fontSize} ${fontFamily}`
  for (const { from, to } of view.visibleRanges) {
    syntaxTree(view.state).iterate({
      from,
      to,
      enter: (node) => {
        if (node.name === 'ListItem') {
          const line = view.state.doc.lineAt(node.from)
          const mark = hanging(line.text, font, Number.parseFloat(fontSize))
          if (mark) marks.set(line.from, mark)
          return
        }
        const isCode = node.name === 'FencedCode' || node.name === 'CodeBlock'
        if (!isCode && node.name !== 'Blockquote') return
        const end = Math.min(node.to, to)
        for (let at = Math.max(node.from, from); at <= end; ) {
          const line = view.state.doc.lineAt(at)
          marks.set(line.from, isCode ? code : quote)
          at = line.to + 1
        }
        if (isCode) return false
        return
      },
    })
  }
  const builder = new RangeSetBuilder<Decoration>()
  for (const [at, mark] of [...marks].sort(([one], [other]) => one - other)) builder.add(at, at, mark)
  return builder.finish()
}

class Blocks {
  decorations: DecorationSet

  constructor(view: EditorView) {
    this.decorations = lines(view)
  }

  update(update: ViewUpdate): void {
    const parsed = syntaxTree(update.startState) !== syntaxTree(update.state)
    if (update.docChanged || update.viewportChanged || parsed) this.decorations = lines(update.view)
  }
}

export const blocks: Extension = ViewPlugin.fromClass(Blocks, { decorations: (plugin) => plugin.decorations })
