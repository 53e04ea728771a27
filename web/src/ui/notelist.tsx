import { useEffect, useState } from 'preact/hooks'
import type { NoteInfo } from '../api/types'
import { ago, matching } from '../notes/filter'
import { loaded, visible } from '../notes/library'
import { format, go, place } from '../routing'
import { NoteIcon, SpecIcon, TaskIcon } from './icons'
import { RowPeople } from './rowpeople'
import { filter, listShown } from './state'

const ICONS = { spec: SpecIcon, task: TaskIcon, general: NoteIcon }
const MOST = 300

function useNow(): number {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000)
    return () => clearInterval(timer)
  }, [])
  return now
}

export function NoteList() {
  const now = useNow()
  const found = matching(visible.value, filter.value)
  return (
    <nav class="note-list" aria-label="Notes" data-testid="note-list" onKeyDown={walk}>
      <ul>
        {found.slice(0, MOST).map((note) => (
          <Row key={note.id} note={note} now={Math.max(now, Date.now())} />
        ))}
      </ul>
      {found.length > MOST && <p class="hint">{found.length - MOST} more: filter to find them.</p>}
      {found.length === 0 && <Empty />}
    </nav>
  )
}

/** Up and down, from note to note. */
function walk(event: KeyboardEvent): void {
  if (event.altKey || (event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return
  const item = (event.target as HTMLElement).closest('li')
  const next = event.key === 'ArrowDown' ? item?.nextElementSibling : item?.previousElementSibling
  next?.querySelector('a')?.focus()
  event.preventDefault()
}

function Empty() {
  if (filter.value) return <p class="hint">No note matches “{filter.value}”.</p>
  return <p class="hint">{loaded.value ? 'No notes yet.' : 'Looking for notes…'}</p>
}

function Row({ note, now }: { note: NoteInfo; now: number }) {
  const { type, taskStatus } = note.metadata
  const Icon = ICONS[type] ?? NoteIcon
  const to = { workspace: note.workspaceId, note: note.id }
  const open = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    listShown.value = false
    go(to)
  }
  return (
    <li>
      <a
        class="row"
        href={format(to)}
        onClick={open}
        aria-current={place.value?.note === note.id ? 'page' : undefined}
        data-testid="note-row"
        data-note-id={note.id}
        data-type={type}
      >
        <span class={`row-icon type-${type}`} title={type}>
          <Icon />
          <span class="unseen">{type}: </span>
        </span>
        <span class="row-text">
          <span class="row-title">{note.title}</span>
          <span class="row-more">
            <time dateTime={note.updatedAt}>{ago(note.updatedAt, now)}</time>
            {type === 'task' && taskStatus && <span class="status">{words(taskStatus)}</span>}
          </span>
        </span>
        <RowPeople people={note.present?.people ?? []} />
      </a>
    </li>
  )
}

/** `IN_PROGRESS` as people write it. */
export const words = (name: string): string => name[0] + name.slice(1).toLowerCase().replaceAll('_', ' ')
