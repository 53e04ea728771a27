import { effect, type Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { openEditor } from '../editor/editor'
import { follow } from '../editor/follow'
import type { Count } from '../editor/words'
import type { Peer } from '../presence/peers'
import type { NoteSession } from '../sync/session'
import { editor, followed, present } from './state'

interface Props {
  session: NoteSession
  peers: Signal<Peer[]>
  count: Signal<Count>
  locked: boolean
}

/** The text itself. */
export function TextArea({ session, peers, count, locked }: Props) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!place.current) return
    const opened = openEditor(place.current, session, peers, count, locked)
    present(opened)
    const stop = effect(() => follow(opened.view, followed))
    return () => {
      stop()
      followed.value = null
      editor.value = null
      opened.destroy()
    }
  }, [session])
  useEffect(() => editor.value?.lock(locked), [locked])
  return <div class="text" ref={place} />
}
