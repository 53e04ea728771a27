import { batch, computed, signal } from '@preact/signals'
import { listNotes, withoutText } from '../api/notes'
import { listen, type NoteEvent } from '../api/stream'
import type { NoteInfo, Workspace } from '../api/types'
import { listWorkspaces } from '../api/workspaces'

/** The workspaces, and the notes of the one that is open, as they are now. */

export const workspaces = signal<Workspace[]>(kept('workspaces') ?? [])
export const notes = signal<ReadonlyMap<string, NoteInfo>>(new Map())
export const workspace = signal<string | null>(null)
/** Whether the list is the server's, not only what was kept here. */
export const loaded = signal(false)
/** Notes that are about to be deleted: not shown. */
export const hidden = signal<ReadonlySet<string>>(new Set())
export const visible = computed(() => [...notes.value.values()].filter((note) => !hidden.value.has(note.id)))

const NOBODY = { count: 0, people: [] }

let stop = new AbortController()

function kept<Item>(name: string): Item | null {
  try {
    return JSON.parse(localStorage.getItem(`routa.${name}`) ?? 'null') as Item | null
  } catch {
    return null
  }
}

function keepHere(name: string, value: unknown): void {
  try {
    localStorage.setItem(`routa.${name}`, JSON.stringify(value))
  } catch {
    // The store is full: the list is fetched anew next time.
  }
}

export async function loadWorkspaces(): Promise<void> {
  workspaces.value = await listWorkspaces()
  keepHere('workspaces', workspaces.value)
}

/** Show another workspace, and follow what happens in it. */
export function openWorkspace(id: string): void {
  if (workspace.value === id) return
  stop.abort()
  stop = new AbortController()
  batch(() => {
    workspace.value = id
    loaded.value = false
    setNotes(kept<NoteInfo[]>(`notes:${id}`) ?? [])
  })
  const { signal: ended } = stop
  void listen(id, ended, (event) => take(id, event))
}

export async function reload(id: string): Promise<void> {
  const found = await listNotes(id)
  if (workspace.value !== id) return
  batch(() => {
    setNotes(found)
    loaded.value = true
  })
  keepHere(`notes:${id}`, found)
}

const PAUSE = 3_000

async function untilLoaded(id: string): Promise<void> {
  while (workspace.value === id) {
    try {
      return await reload(id)
    } catch {
      await new Promise((resolve) => setTimeout(resolve, PAUSE))
    }
  }
}

function setNotes(list: NoteInfo[]): void {
  notes.value = new Map(list.map((note) => [note.id, note]))
}

function take(id: string, event: NoteEvent): void {
  if (workspace.value !== id) return
  if (event.type === 'connected') void untilLoaded(id)
  else if (event.type === 'note:deleted') forget(event.noteId)
  else if (event.type === 'note:presence') put(event.noteId, { present: event.present ?? NOBODY })
  else if (event.note) put(event.noteId, withoutText(event.note))
}

function forget(note: string): void {
  const rest = new Map(notes.value)
  rest.delete(note)
  notes.value = rest
}

/** Put what is known of a note into the list. */
export function put(note: string, known: Partial<NoteInfo>): void {
  const before = notes.value.get(note)
  if (!before && !('title' in known)) return
  notes.value = new Map(notes.value).set(note, { ...before, ...known } as NoteInfo)
}
