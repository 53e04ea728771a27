import { signal } from '@preact/signals'
import type { Identity, Level } from './api/types'

/** Who this browser is to the server, and what that lets it do. */
export const identity = signal<Identity | null>(null)

const ORDER: Level[] = ['read', 'write', 'admin']

/** Whether the token grants this much: for a note, or for a whole workspace. */
export function may(level: Level, workspace: string, note?: string, who = identity.value): boolean {
  return (who?.grants ?? []).some(
    (grant) =>
      (grant.workspace === '*' || grant.workspace === workspace) &&
      (grant.note === undefined || grant.note === note) &&
      ORDER.indexOf(grant.access) >= ORDER.indexOf(level),
  )
}

export function mayMakeWorkspaces(): boolean {
  return (identity.value?.grants ?? []).some((grant) => grant.workspace === '*' && grant.access === 'admin')
}
