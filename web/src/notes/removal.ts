import { signal } from '@preact/signals'
import { announce } from '../announcer'
import { deleteNote } from '../api/notes'
import type { NoteInfo } from '../api/types'
import { hidden } from './library'

/** A deletion waits a moment, so that it can be undone without anybody having lost the note. */
const PAUSE = 6_000

export interface Removal {
  note: NoteInfo
  undo: () => void
  /** Delete it now. */
  finish: (leaving?: boolean) => void
}

export const removal = signal<Removal | null>(null)
export const problem = signal<string | null>(null)

export function remove(note: NoteInfo, undone: () => void): void {
  removal.value?.finish()
  const timer = setTimeout(() => finish(), PAUSE)
  const end = () => {
    clearTimeout(timer)
    removal.value = null
  }
  const finish = (leaving = false) => {
    end()
    deleteNote(note.workspaceId, note.id, leaving).catch((error: Error) => {
      show(note.id)
      problem.value = `“${note.title}” was not deleted. ${error.message}`
    })
  }
  hidden.value = new Set(hidden.value).add(note.id)
  const undo = () => {
    end()
    show(note.id)
    announce(`“${note.title}” is back.`)
    undone()
  }
  removal.value = { note, undo, finish }
  announce(`“${note.title}” deleted. Undo is possible for ${PAUSE / 1000} seconds.`)
}

function show(id: string): void {
  const rest = new Set(hidden.value)
  rest.delete(id)
  hidden.value = rest
}

addEventListener('pagehide', () => removal.value?.finish(true))
