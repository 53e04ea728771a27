/** What the server's REST API speaks of. */

export const NOTE_TYPES = ['general', 'spec', 'task'] as const
export type NoteType = (typeof NOTE_TYPES)[number]

export const TASK_STATUSES = [
  'PENDING',
  'IN_PROGRESS',
  'REVIEW_REQUIRED',
  'COMPLETED',
  'NEEDS_FIX',
  'BLOCKED',
  'CANCELLED',
] as const
export type TaskStatus = (typeof TASK_STATUSES)[number]

export interface Metadata {
  type: NoteType
  taskStatus?: TaskStatus
  assignedAgentIds?: string[]
  parentNoteId?: string
  linkedTaskId?: string
  custom?: Record<string, string>
}

/** Somebody who has a note open. */
export interface Person {
  name: string
  color?: string
  kind?: string
}

export interface Present {
  count: number
  people: Person[]
}

/** A note without its text. */
export interface NoteInfo {
  id: string
  title: string
  workspaceId: string
  metadata: Metadata
  createdAt: string
  updatedAt: string
  sessionId?: string
  present?: Present
}

export interface Workspace {
  id: string
  title: string
  status: string
}

export type Level = 'read' | 'write' | 'admin'

export interface Grant {
  workspace: string
  note?: string
  access: Level
}

export interface Identity {
  subject: string
  name?: string
  grants: Grant[]
  /** Whether the server asks for tokens at all. */
  tokens: boolean
  expiresAt?: string
}
