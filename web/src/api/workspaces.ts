import { query, request } from './request'
import type { Identity, Workspace } from './types'

export async function listWorkspaces(): Promise<Workspace[]> {
  const found: Workspace[] = []
  let cursor: string | undefined
  do {
    const page: { workspaces: Workspace[]; nextCursor?: string } = await request(
      `/api/workspaces?${query({ cursor, limit: '200' })}`,
    )
    found.push(...page.workspaces)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return found
}

export async function createWorkspace(title: string): Promise<Workspace> {
  return (await request<{ workspace: Workspace }>('/api/workspaces', { method: 'POST', body: { title } }))
    .workspace
}

export const readIdentity = (): Promise<Identity> => request<Identity>('/api/identity')
