import { Failure, query, request, send } from './request'
import type { Metadata, NoteInfo } from './types'

interface Changes {
  title?: string
  content?: string
  /** `null` takes an optional value away. */
  metadata?: { [Key in keyof Metadata]?: Metadata[Key] | null }
}

export interface NewNote extends Changes {
  title: string
  noteId?: string
}

type Answer = { note: NoteInfo & { content?: string } }

const path = (workspace: string, note: string) =>
  `/api/notes/${encodeURIComponent(workspace)}/${encodeURIComponent(note)}`

/** A list must not hold the texts: only the open note's is needed, and that comes over the socket. */
export function withoutText({ content: _, ...info }: NoteInfo & { content?: string }): NoteInfo {
  return info
}

export async function listNotes(workspaceId: string): Promise<NoteInfo[]> {
  const notes: NoteInfo[] = []
  let cursor: string | undefined
  do {
    const page: { notes: NoteInfo[]; nextCursor?: string } = await request(
      `/api/notes?${query({ workspaceId, cursor, limit: '200', content: 'false' })}`,
    )
    notes.push(...page.notes.map(withoutText))
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return notes
}

export async function createNote(workspaceId: string, note: NewNote): Promise<NoteInfo> {
  const answer = await request<Answer>('/api/notes', { method: 'POST', body: { ...note, workspaceId } })
  return withoutText(answer.note)
}

export async function changeNote(workspace: string, note: string, changes: Changes): Promise<NoteInfo> {
  const answer = await request<Answer>(path(workspace, note), { method: 'PATCH', body: changes })
  return withoutText(answer.note)
}

export async function deleteNote(workspace: string, note: string, leaving = false): Promise<void> {
  await request(path(workspace, note), { method: 'DELETE', keepalive: leaving })
}

export async function readText(workspace: string, note: string): Promise<string> {
  return (await send(`${path(workspace, note)}/content`)).text()
}

/** Whether there is such a note; its text is not waited for. Raises Unreachable and any other Failure. */
export async function noteExists(workspace: string, note: string): Promise<boolean> {
  const enough = new AbortController()
  try {
    await send(path(workspace, note), { signal: enough.signal })
    enough.abort()
    return true
  } catch (error) {
    if (error instanceof Failure && error.status === 404) return false
    throw error
  }
}
