import { useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { may } from '../access'
import type { NoteInfo } from '../api/types'
import type { Count } from '../editor/words'
import { hidden } from '../notes/library'
import { me } from '../presence/me'
import { watchPeers } from '../presence/peers'
import { Preview } from '../preview/preview'
import { sessions } from '../sync'
import type { Ending, NoteSession } from '../sync/session'
import { known } from './actions'
import { Header, ShowList } from './header'
import { Notice } from './notice'
import { view } from './state'
import { TextArea } from './text'

interface Props {
  workspace: string
  note: string
}

/** The open note. A note that was replaced is opened anew, and what was here before is offered. */
export function OpenNote({ workspace, note }: Props) {
  const [round, setRound] = useState(0)
  const [before, setBefore] = useState<Ending | null>(null)
  const session = useMemo(() => sessions.show(workspace, note), [workspace, note, round])
  useEffect(() => () => session.retire(), [session])
  const ending = session.ending.value
  const again = () => setRound((last) => last + 1)
  useEffect(() => {
    if (ending?.kind !== 'replaced') return
    setBefore(ending)
    again()
  }, [ending])
  // The list forgets a note that is deleted; its title is still what it is called here.
  const last = useRef<NoteInfo | null>(null)
  last.current = known(note) ?? last.current
  const info = last.current ?? placeholder(workspace, note)
  const shown = ending?.kind === 'replaced' ? null : ending
  const told = shown ?? before
  if (hidden.value.has(note)) return null
  return (
    <>
      {told && (
        <Notice
          ending={told}
          {...{ workspace, note, again }}
          info={last.current}
          dismiss={told === before ? () => setBefore(null) : null}
        />
      )}
      {ending?.kind === 'missing' ? <Nothing /> : <Note key={round} {...{ session, info }} />}
    </>
  )
}

/** What a note is called before the list has come. */
function placeholder(workspaceId: string, id: string): NoteInfo {
  return { id, title: id, workspaceId, metadata: { type: 'general' }, createdAt: '', updatedAt: '' }
}

function Nothing() {
  return (
    <div class="nothing">
      <ShowList />
    </div>
  )
}

function Note({ session, info }: { session: NoteSession; info: NoteInfo }) {
  const [peers, stop] = useMemo(() => watchPeers(session.awareness), [session])
  useEffect(() => stop, [session])
  const { name, color } = me.value
  useEffect(() => {
    session.introduce({ name, color, colorLight: `${color}33`, kind: 'person' })
  }, [session, name, color])
  const count = useSignal<Count>({ words: 0, characters: 0 })
  const ended = session.ending.value !== null
  const { workspace, note } = session
  const locked =
    ended || !session.ready.value || session.scope.value === 'readonly' || !may('write', workspace, note)
  const shown = view.value
  return (
    <>
      <Header note={info} {...{ session, peers, locked }} />
      <div class={`panes panes-${shown}`} data-ready={session.ready.value}>
        {shown !== 'read' && session.ready.value && <TextArea {...{ session, peers, count, locked }} />}
        {shown !== 'write' && session.ready.value && <Preview session={session} />}
        {!session.ready.value && <p class="hint opening">Opening…</p>}
      </div>
      {shown !== 'read' && <Foot count={count.value} />}
    </>
  )
}

function Foot({ count: { words, characters } }: { count: Count }) {
  return (
    <footer class="note-foot" data-testid="word-count">
      {words.toLocaleString()} {words === 1 ? 'word' : 'words'} · {characters.toLocaleString()}{' '}
      {characters === 1 ? 'character' : 'characters'}
    </footer>
  )
}
