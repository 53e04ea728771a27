import { StateEffect } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import type { Signal } from '@preact/signals'
import { remoteCursors } from './remote'

/** Keep somebody's cursor in sight, until one moves oneself. */
export function follow(view: EditorView, followed: Signal<number | null>): (() => void) | undefined {
  const client = followed.value
  if (client === null) return undefined
  let last = -1
  const look = () => {
    const cursor = view.state.field(remoteCursors).find(({ peer }) => peer.client === client)
    if (!cursor || cursor.head === last) return
    last = cursor.head
    view.dispatch({ effects: EditorView.scrollIntoView(last, { y: 'center' }) })
  }
  let following = true
  const listener = EditorView.updateListener.of((update) => {
    if (following && update.startState.field(remoteCursors) !== update.state.field(remoteCursors))
      queueMicrotask(look)
  })
  const end = () => {
    followed.value = null
  }
  const own = ['wheel', 'touchmove', 'keydown', 'mousedown'] as const
  for (const kind of own) view.dom.addEventListener(kind, end, { passive: true })
  view.dispatch({ effects: StateEffect.appendConfig.of(listener) })
  look()
  return () => {
    following = false
    for (const kind of own) view.dom.removeEventListener(kind, end)
  }
}
