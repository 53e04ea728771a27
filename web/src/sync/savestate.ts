/** What is true of the open note's changes. */
export type SaveState =
  | { kind: 'saved' }
  | { kind: 'saving'; opening: boolean }
  | { kind: 'readonly' }
  | { kind: 'offline'; changes: number }
  | { kind: 'reconnecting'; changes: number; retryAt: number }
  | { kind: 'refused'; reason: string; changes: number }

export interface Facts {
  /** Whether the browser believes that it has a network. */
  online: boolean
  connected: boolean
  /** When the next attempt to connect is made, in milliseconds; null while one is made or none is needed. */
  retryAt: number | null
  scope: 'readonly' | 'read-write' | null
  /** Whether the server and this page have exchanged what the other missed since they are connected. */
  synced: boolean
  /** How many messages the server has not confirmed to be committed. */
  unconfirmed: number
  /** How many edits made here are not known to be committed, also over a reload. */
  changes: number
  refused: string | null
}

export function judge(facts: Facts): SaveState {
  const { changes } = facts
  if (facts.refused !== null) return { kind: 'refused', reason: facts.refused, changes }
  if (!facts.online) return { kind: 'offline', changes }
  if (!facts.connected && facts.retryAt !== null) {
    return { kind: 'reconnecting', changes, retryAt: facts.retryAt }
  }
  if (!facts.connected || facts.scope === null) return { kind: 'saving', opening: changes === 0 }
  if (facts.scope === 'readonly') return { kind: 'readonly' }
  if (!facts.synced) return { kind: 'saving', opening: changes === 0 }
  return facts.unconfirmed > 0 ? { kind: 'saving', opening: false } : { kind: 'saved' }
}

const keptHere = (changes: number) =>
  changes === 0 ? '' : changes === 1 ? ' · 1 change kept here' : ` · ${changes} changes kept here`

/** Say it in a few words. */
export function describe(state: SaveState, now: number): string {
  switch (state.kind) {
    case 'saved':
      return 'Saved'
    case 'saving':
      return state.opening ? 'Opening…' : 'Saving…'
    case 'readonly':
      return 'Up to date'
    case 'offline':
      return `Offline${keptHere(state.changes)}`
    case 'reconnecting': {
      const seconds = Math.max(0, Math.ceil((state.retryAt - now) / 1000))
      return `Reconnecting in ${seconds} s${keptHere(state.changes)}`
    }
    case 'refused':
      return `Not saved: ${state.reason}${keptHere(state.changes)}`
  }
}
