import { StateEffect, StateField } from '@codemirror/state'
import { type EditorView, ViewPlugin, type ViewUpdate } from '@codemirror/view'
import type { Signal } from '@preact/signals'
import { effect } from '@preact/signals'
import type { Awareness } from 'y-protocols/awareness'
import {
  compareRelativePositions,
  createAbsolutePositionFromRelativePosition,
  createRelativePositionFromJSON,
  createRelativePositionFromTypeIndex,
  type RelativePosition,
  type Text as YText,
} from 'yjs'
import type { Peer } from '../presence/peers'

/** Where the others are in the text; and telling them where this one is. */
export interface RemoteCursor {
  peer: Peer
  anchor: number
  head: number
  /** When its owner last moved it, in milliseconds. */
  movedAt: number
  /** What its owner said: the text around a cursor may move it, too. */
  said: string
}

interface Shared {
  anchor: unknown
  head: unknown
}

const placed = StateEffect.define<RemoteCursor[]>()

/** Positions move with the text until the next message says where they are. */
export const remoteCursors = StateField.define<RemoteCursor[]>({
  create: () => [],
  update(cursors, transaction) {
    let now = cursors
    if (transaction.docChanged && now.length > 0) {
      now = now.map((cursor) => ({
        ...cursor,
        anchor: transaction.changes.mapPos(cursor.anchor, 1),
        head: transaction.changes.mapPos(cursor.head, 1),
      }))
    }
    for (const each of transaction.effects) if (each.is(placed)) now = each.value
    return now
  },
})

export function remotePresence(awareness: Awareness, text: YText, peers: Signal<Peer[]>) {
  return [remoteCursors, ViewPlugin.define((view) => new Presence(view, awareness, text, peers))]
}

class Presence {
  private frame = 0
  private lookDue = true
  private tellDue = false
  private told: [RelativePosition, RelativePosition] | null = null
  private readonly stopWatching: () => void

  constructor(
    private readonly view: EditorView,
    private readonly awareness: Awareness,
    private readonly text: YText,
    private readonly peers: Signal<Peer[]>,
  ) {
    awareness.on('change', this.changed)
    this.stopWatching = effect(() => {
      void peers.value
      this.changed()
    })
  }

  update(update: ViewUpdate): void {
    if (!(update.selectionSet || update.docChanged || update.focusChanged)) return
    if (!this.view.hasFocus) return
    this.tellDue = true
    this.soon()
  }

  private readonly changed = () => {
    this.lookDue = true
    this.soon()
  }

  private soon(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0
      if (this.tellDue) this.tell()
      if (this.lookDue) this.look()
      this.lookDue = this.tellDue = false
    })
  }

  private tell(): void {
    const { anchor, head } = this.view.state.selection.main
    if (this.awareness.getLocalState() === null || this.text.length < Math.max(anchor, head)) return
    const anchorAt = createRelativePositionFromTypeIndex(this.text, anchor)
    const headAt = anchor === head ? anchorAt : createRelativePositionFromTypeIndex(this.text, head)
    const told = this.told
    // What others type does not move a position: to repeat it would cost everybody a message for each of their letters.
    if (told && compareRelativePositions(told[0], anchorAt) && compareRelativePositions(told[1], headAt))
      return
    this.told = [anchorAt, headAt]
    this.awareness.setLocalStateField('cursor', { anchor: anchorAt, head: headAt })
  }

  private look(): void {
    const states = this.awareness.getStates()
    const before = new Map(this.view.state.field(remoteCursors).map((cursor) => [cursor.peer.client, cursor]))
    const now = this.peers.peek().flatMap((peer) => {
      const shared = states.get(peer.client)?.cursor as Shared | null | undefined
      const [anchor, head] = [this.index(shared?.anchor), this.index(shared?.head)]
      if (anchor === null || head === null) return []
      const old = before.get(peer.client)
      const said = JSON.stringify(shared)
      return [{ peer, anchor, head, said, movedAt: old?.said === said ? old.movedAt : Date.now() }]
    })
    if (now.length > 0 || before.size > 0) this.view.dispatch({ effects: placed.of(now) })
  }

  private index(shared: unknown): number | null {
    if (shared === null || typeof shared !== 'object' || !this.text.doc) return null
    try {
      const relative = createRelativePositionFromJSON(shared)
      const absolute = createAbsolutePositionFromRelativePosition(relative, this.text.doc)
      return absolute?.type === this.text ? Math.min(absolute.index, this.view.state.doc.length) : null
    } catch {
      return null // What a stranger sends need not be a position.
    }
  }

  destroy(): void {
    cancelAnimationFrame(this.frame)
    this.stopWatching()
    this.awareness.off('change', this.changed)
  }
}
