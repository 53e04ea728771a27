import { EditorSelection } from '@codemirror/state'
import type { Command, EditorView, KeyBinding } from '@codemirror/view'
import { openLinkAtCursor } from './links'
import { toggleTask } from './tasks'

/** Put a mark around what is selected, or take it away. */
const wrap =
  (mark: string): Command =>
  (view) => {
    if (view.state.readOnly) return false
    const changes = view.state.changeByRange((range) => {
      const { from, to } = range
      const around = view.state.sliceDoc(from - mark.length, from) === mark
      if (around && view.state.sliceDoc(to, to + mark.length) === mark) {
        return {
          changes: [
            { from: from - mark.length, to: from },
            { from: to, to: to + mark.length },
          ],
          range: EditorSelection.range(from - mark.length, to - mark.length),
        }
      }
      return {
        changes: [
          { from, insert: mark },
          { from: to, insert: mark },
        ],
        range: EditorSelection.range(from + mark.length, to + mark.length),
      }
    })
    view.dispatch(changes, { userEvent: 'input.format', scrollIntoView: true })
    return true
  }

/** Enter in a heading or list item that holds nothing ends it, as it does for list items elsewhere. */
export function endEmptyHeading(view: EditorView): boolean {
  const { main } = view.state.selection
  const line = view.state.doc.lineAt(main.head)
  if (view.state.readOnly || !main.empty || main.head !== line.to || !/^#{1,6}\s+$/.test(line.text))
    return false
  view.dispatch({ changes: { from: line.from, to: line.to }, userEvent: 'delete' })
  return true
}

/** Out of the text, to the note in the list: from there single keys are commands. */
function leave(view: EditorView): boolean {
  view.contentDOM.blur()
  document.querySelector<HTMLElement>('[data-testid="note-row"][aria-current="page"]')?.focus()
  return true
}

export const leaving: KeyBinding[] = [{ key: 'Escape', run: leave }]

export const formatting: KeyBinding[] = [
  { key: 'Enter', run: endEmptyHeading },
  { key: 'Mod-b', run: wrap('**') },
  { key: 'Mod-i', run: wrap('*'), preventDefault: true },
  { key: 'Mod-Shift-x', run: wrap('~~') },
  { key: 'Mod-Enter', run: (view) => toggleTask(view) || openLinkAtCursor(view) },
]
