import { useEffect, useState } from 'preact/hooks'
import { announce } from '../announcer'
import { describe, type SaveState } from '../sync/savestate'
import type { NoteSession } from '../sync/session'

/** "Saved" comes back a moment late, so that it does not flicker with each letter; "Saving" never does. */
const CALM = 300

function useCalm(state: SaveState): SaveState {
  const [shown, setShown] = useState(state)
  useEffect(() => {
    if (state.kind !== 'saved' || shown.kind !== 'saving') {
      setShown(state)
      return
    }
    const timer = setTimeout(() => setShown(state), CALM)
    return () => clearTimeout(timer)
  }, [state])
  return state.kind === 'saved' ? shown : state
}

function useTick(running: boolean): number {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    if (!running) return
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), 250)
    return () => clearInterval(timer)
  }, [running])
  return running ? Math.max(now, Date.now() - 250) : Date.now()
}

export function SaveStateLabel({ session }: { session: NoteSession }) {
  const state = useCalm(session.state.value)
  const now = useTick(state.kind === 'reconnecting')
  useAnnouncements(state)
  return (
    <span
      class="save-state"
      data-testid="save-state"
      data-state={state.kind}
      data-changes={'changes' in state ? state.changes : session.changes.value}
      data-reason={state.kind === 'refused' ? state.reason : undefined}
      title={describe(state, now)}
    >
      <span class="save-dot" aria-hidden="true" />
      <span class="save-text">{describe(state, now)}</span>
    </span>
  )
}

/** Say what is out of the ordinary, and when it is over; not each letter that is saved. */
function useAnnouncements(state: SaveState): void {
  const [troubled, setTroubled] = useState(false)
  useEffect(() => {
    if (state.kind === 'saved' || state.kind === 'readonly') {
      if (troubled)
        announce(state.kind === 'saved' ? 'Connected again. Everything is saved.' : 'Connected again.')
      setTroubled(false)
    } else if (state.kind === 'offline') announce('Offline. What you write is kept here.')
    else if (state.kind === 'reconnecting' && !troubled)
      announce('The connection is lost. What you write is kept here.')
    else if (state.kind === 'refused') announce(`Not saved: ${state.reason}`)
    if (['offline', 'reconnecting', 'refused'].includes(state.kind)) setTroubled(true)
  }, [state.kind])
}
