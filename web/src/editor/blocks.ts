import { syntaxTree } from '@codemirror/language'
import { type Extension, RangeSetBuilder } from '@codemirror/state'
import { Decoration, type DecorationSet, type EditorView, ViewPlugin, type ViewUpdate } from '@codemirror/view'

/** Lines of code and of quotations look like what they are, as far as they are in sight. */

const code = Decoration.line({ class: 'code-line' })
const quote = Decoration.line({ class: 'quote-line' })

function lines(view: EditorView): DecorationSet {
  const marks = new Map<number, Decoration>()
  for (const { from, to } of view.visibleRanges) {
    syntaxTree(view.state).iterate({
      from,
      to,
      enter: (node) => {
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
