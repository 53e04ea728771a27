import { type Extension, Prec } from '@codemirror/state'
import { EditorView, ViewPlugin } from '@codemirror/view'
import { type YRange, type YSyncConfig, ySyncFacet } from 'y-codemirror.next'
import { UndoManager, type YTextEvent } from 'yjs'

/** Undo of one's own edits alone, which goes to what it changed. */

interface StackItem {
  meta: Map<unknown, unknown>
}

class Selections {
  private before: YRange | null = null
  private readonly sync: YSyncConfig
  private changedAt: number | null = null

  constructor(
    private readonly view: EditorView,
    private readonly manager: UndoManager,
  ) {
    this.sync = view.state.facet(ySyncFacet)
    this.keep()
    manager.on('stack-item-added', this.added)
    manager.on('stack-item-popped', this.popped)
    this.sync.ytext.observe(this.changed)
  }

  keep(): void {
    this.before = this.sync.toYRange(this.view.state.selection.main)
  }

  private readonly added = ({ stackItem }: { stackItem: StackItem }) => {
    if (this.before && !stackItem.meta.has(this)) stackItem.meta.set(this, this.before)
  }

  private readonly changed = (event: YTextEvent) => {
    if (event.transaction.origin !== this.manager) return
    const first = event.delta[0]
    this.changedAt = first?.retain ?? 0
  }

  private readonly popped = ({ stackItem }: { stackItem: StackItem }) => {
    const kept = stackItem.meta.get(this) as YRange | undefined
    const { length } = this.view.state.doc
    const at = Math.min(this.changedAt ?? this.view.state.selection.main.head, length)
    const selection = kept ? this.sync.fromYRange(kept) : null
    const far = selection && Math.abs(selection.head - at) > 2_000
    const target = selection && !far ? selection.head : at
    this.view.dispatch({
      selection: selection && !far ? selection : { anchor: at },
      effects: EditorView.scrollIntoView(target, { y: 'nearest', yMargin: 80 }),
    })
    this.keep()
  }

  destroy(): void {
    this.manager.off('stack-item-added', this.added)
    this.manager.off('stack-item-popped', this.popped)
    this.sync.ytext.unobserve(this.changed)
  }
}

function plugin(manager: UndoManager): Extension {
  return ViewPlugin.define((view) => {
    const selections = new Selections(view, manager)
    return {
      update: (update) => {
        if (update.selectionSet || update.docChanged) queueMicrotask(() => selections.keep())
      },
      destroy: () => selections.destroy(),
    }
  })
}

/**
 * Ctrl+Z, Ctrl+Shift+Z and Ctrl+Y by their letters: a keymap takes Ctrl+Shift+Z for Ctrl+Z while Caps Lock is on.
 */
function stepOf(event: KeyboardEvent): 'undo' | 'redo' | null {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return null
  const letter = event.key.toLowerCase()
  if (letter === 'z') return event.shiftKey ? 'redo' : 'undo'
  return letter === 'y' && !event.shiftKey && !event.metaKey ? 'redo' : null
}

export function ownUndo(sync: YSyncConfig): [Extension, UndoManager] {
  const manager = new UndoManager(sync.ytext, { trackedOrigins: new Set([sync]), captureTimeout: 400 })
  const run = (step: 'undo' | 'redo' | null, view: EditorView) => {
    if (step && !view.state.readOnly) manager[step]()
    return step !== null
  }
  const keys = EditorView.domEventHandlers({
    keydown: (event, view) => run(stepOf(event), view),
    beforeinput: ({ inputType }, view) =>
      run(inputType === 'historyUndo' ? 'undo' : inputType === 'historyRedo' ? 'redo' : null, view),
  })
  return [[plugin(manager), Prec.high(keys)], manager]
}
