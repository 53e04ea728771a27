import { useEffect, useRef } from 'preact/hooks'
import type { NoteInfo } from '../api/types'
import { rename } from './actions'
import { focusText } from './state'

/** The title, written in place. Somebody else's change does not disturb who is writing it. */
export function Title({ note, locked }: { note: NoteInfo; locked: boolean }) {
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const { current } = field
    if (current && document.activeElement !== current) current.value = note.title
    document.title = `${note.title} · Routa Notes`
  }, [note.title, note.id])
  const save = () => {
    const { current } = field
    if (!current) return
    const written = current.value.trim()
    if (written) void rename(note, written)
    else current.value = note.title
  }
  const keys = (event: KeyboardEvent) => {
    if (event.isComposing) return
    if (event.key === 'Enter') focusText()
    else if (event.key === 'Escape' && field.current) field.current.value = note.title
    else return
    event.preventDefault()
    field.current?.blur()
  }
  return (
    <input
      ref={field}
      class="title"
      aria-label="Title"
      data-testid="title"
      readOnly={locked}
      maxLength={200}
      onBlur={save}
      onKeyDown={keys}
    />
  )
}
