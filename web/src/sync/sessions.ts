import { pendingNotes } from './pending'
import { NoteSession } from './session'
import type { Socket } from './socket'

/** The notes that this page has open: the one that is shown, and those whose edits are still on their way. */
export class Sessions {
  private readonly open = new Map<string, NoteSession>()

  constructor(private readonly socket: Socket) {}

  show(workspace: string, note: string): NoteSession {
    const key = JSON.stringify([workspace, note])
    const waiting = this.open.get(key)
    if (waiting?.revive() && !waiting.ending.value) return waiting
    const session = new NoteSession(this.socket, workspace, note)
    this.open.set(key, session)
    return session
  }

  /** Bring to the server what was typed in other notes, before a reload and without a connection. */
  bringInPending(): void {
    for (const { workspace, note } of pendingNotes()) {
      const key = JSON.stringify([workspace, note])
      if (!this.open.has(key)) this.show(workspace, note).retire()
    }
  }
}
