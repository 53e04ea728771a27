import { announce } from '../announcer'
import { changeNote, createNote, type NewNote, readText } from '../api/notes'
import type { NoteInfo } from '../api/types'
import { matching } from '../notes/filter'
import { hidden, notes, put, visible } from '../notes/library'
import { problem, remove } from '../notes/removal'
import { go, place } from '../routing'
import { filter, focusTitle, listShown } from './state'

/** What people do with notes. */

/** Tell of what went wrong in a sentence, and go on. */
export async function attempt<Result>(work: Promise<Result>): Promise<Result | null> {
  try {
    problem.value = null
    return await work
  } catch (error) {
    problem.value = error instanceof Error ? error.message : String(error)
    return null
  }
}

export async function open(workspace: string, note: NewNote): Promise<NoteInfo | null> {
  const made = await attempt(createNote(workspace, note))
  if (!made) return null
  put(made.id, made)
  filter.value = ''
  listShown.value = false
  go({ workspace, note: made.id })
  return made
}

export async function newNote(): Promise<void> {
  const workspace = place.value?.workspace
  if (!workspace) return
  if (await open(workspace, { title: 'Untitled' })) focusTitle()
}

export async function rename(note: NoteInfo, title: string): Promise<void> {
  if (!title || title === note.title) return
  const before = note.title
  put(note.id, { title })
  const changed = await attempt(changeNote(note.workspaceId, note.id, { title }))
  put(note.id, changed ?? { title: before })
}

export async function duplicate(note: NoteInfo, here: string | null): Promise<void> {
  const content = here ?? (await attempt(readText(note.workspaceId, note.id)))
  if (content === null) return
  const { type, custom } = note.metadata
  const metadata = { type, ...(custom ? { custom } : {}) }
  if (await open(note.workspaceId, { title: `${note.title} (copy)`, content, metadata })) focusTitle()
}

/** Delete a note in a moment, and go to the one beside it. */
export function drop(note: NoteInfo): void {
  const list = matching(visible.value, filter.value)
  const at = list.findIndex((one) => one.id === note.id)
  const next = list[at + 1] ?? list[at - 1]
  const here = place.value?.note === note.id
  remove(note, () => go({ workspace: note.workspaceId, note: note.id }))
  if (here) go({ workspace: note.workspaceId, note: next?.id ?? null }, true)
}

/** Open the note above or below in the list. */
export function step(by: number): void {
  const here = place.value
  if (!here) return
  const list = matching(visible.value, filter.value)
  const at = list.findIndex((note) => note.id === here.note)
  const next = list[Math.max(0, Math.min(list.length - 1, at + by))]
  if (!next || next.id === here.note) return
  go({ workspace: here.workspace, note: next.id })
  announce(next.title)
}

export const known = (id: string | null | undefined): NoteInfo | null =>
  id && !hidden.value.has(id) ? (notes.value.get(id) ?? null) : null
