import { createNote } from '../api/notes'
import type { NoteInfo } from '../api/types'
import text from './welcome.md?raw'

const ID = 'welcome'
const KEY = 'routa.welcomed'

/** Whether nobody has begun here: there is at most the specification that each workspace comes with, not yet written. */
export function isUntouched(notes: NoteInfo[]): boolean {
  return notes.every((note) => note.id === 'spec' && note.createdAt === note.updatedAt)
}

/** Make the note that explains itself; of two windows that do, the second finds the same text. Gives its id when it was made. */
export async function welcome(workspace: string, notes: NoteInfo[]): Promise<string | null> {
  const done = new Set<string>(JSON.parse(localStorage.getItem(KEY) ?? '[]') as string[])
  if (done.has(workspace) || !isUntouched(notes)) return null
  await createNote(workspace, { noteId: ID, title: 'Welcome', content: text })
  localStorage.setItem(KEY, JSON.stringify([...done, workspace]))
  return ID
}
