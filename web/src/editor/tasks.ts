import { syntaxTree } from '@codemirror/language'
import { type Extension, RangeSetBuilder } from '@codemirror/state'
import {
  Decoration,
  type DecorationSet,
  EditorView,
  ViewPlugin,
  type ViewUpdate,
  WidgetType,
} from '@codemirror/view'

/** `[ ]` and `[x]` at the start of a list item are boxes that can be clicked. */

class TaskBox extends WidgetType {
  constructor(
    readonly done: boolean,
    readonly locked: boolean,
  ) {
    super()
  }

  override eq(other: TaskBox): boolean {
    return this.done === other.done && this.locked === other.locked
  }

  toDOM(view: EditorView): HTMLElement {
    const box = document.createElement('input')
    box.type = 'checkbox'
    box.className = 'task-box'
    box.checked = this.done
    box.disabled = this.locked
    box.tabIndex = -1
    box.setAttribute('aria-label', 'Done')
    box.addEventListener('mousedown', (event) => event.preventDefault())
    box.addEventListener('click', (event) => {
      event.preventDefault()
      toggleAt(view, view.posAtDOM(box))
    })
    return box
  }

  override ignoreEvent(): boolean {
    return true
  }
}

/** Toggle the task whose marker begins here. */
function toggleAt(view: EditorView, from: number): boolean {
  const marker = view.state.sliceDoc(from, from + 3)
  if (view.state.readOnly || !/^\[[ xX]\]$/.test(marker)) return false
  view.dispatch({
    changes: { from: from + 1, to: from + 2, insert: marker[1] === ' ' ? 'x' : ' ' },
    userEvent: 'input.task',
  })
  return true
}

/** Toggle the task that the cursor is in. */
export function toggleTask(view: EditorView): boolean {
  const line = view.state.doc.lineAt(view.state.selection.main.head)
  const found = /^\s*(?:>\s*)*(?:[-*+]|\d+[.)])\s+(?=\[[ xX]\])/.exec(line.text)
  return found ? toggleAt(view, line.from + found[0].length) : false
}

function boxes(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>()
  const { head } = view.state.selection.main
  const { readOnly } = view.state
  for (const { from, to } of view.visibleRanges) {
    syntaxTree(view.state).iterate({
      from,
      to,
      enter: (node) => {
        if (node.name !== 'TaskMarker' || (view.hasFocus && head > node.from && head < node.to)) return
        const done = view.state.sliceDoc(node.from + 1, node.from + 2) !== ' '
        builder.add(node.from, node.to, Decoration.replace({ widget: new TaskBox(done, readOnly) }))
      },
    })
  }
  return builder.finish()
}

class TaskBoxes {
  decorations: DecorationSet

  constructor(view: EditorView) {
    this.decorations = boxes(view)
  }

  update(update: ViewUpdate): void {
    const parsed = syntaxTree(update.startState) !== syntaxTree(update.state)
    const locked = update.startState.readOnly !== update.state.readOnly
    if (update.docChanged || update.viewportChanged || update.selectionSet || parsed || locked) {
      this.decorations = boxes(update.view)
    }
  }
}

export const taskBoxes: Extension = ViewPlugin.fromClass(TaskBoxes, {
  decorations: (plugin) => plugin.decorations,
  provide: (plugin) =>
    EditorView.atomicRanges.of((view) => view.plugin(plugin)?.decorations ?? Decoration.none),
})
