import { effect } from '@preact/signals'
import { identity, may } from './access'
import { Failure } from './api/request'
import type { Identity } from './api/types'
import { readIdentity } from './api/workspaces'
import { refusal, refuse, token } from './credential'
import { matching } from './notes/filter'
import { loaded, loadWorkspaces, notes, openWorkspace, visible, workspace, workspaces } from './notes/library'
import { welcome } from './notes/welcome'
import { introduce } from './presence/me'
import { go, lastPlace, place, remember } from './routing'
import { sessions } from './sync'

const KEY = 'routa.identity'

/** Let this browser in; false when it has no token that is good for anything. Without a network, what it was counts. */
export async function enter(): Promise<boolean> {
  refusal.value = null
  try {
    identity.value = await readIdentity()
    localStorage.setItem(KEY, JSON.stringify(identity.value))
  } catch (error) {
    if (error instanceof Failure && error.status < 500) {
      if (token.value) refuse(error.message)
      return false
    }
    identity.value = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Identity | null
    if (!identity.value)
      identity.value = { subject: '', grants: [{ workspace: '*', access: 'write' }], tokens: false }
  }
  introduce(identity.value)
  begin()
  return true
}

let begun = false

function begin(): void {
  if (begun) location.reload()
  begun = true
  void loadWorkspaces().catch(() => undefined)
  sessions.bringInPending()
  effect(findPlace)
  effect(chooseNote)
  effect(() => {
    if (place.value?.note) remember(place.value)
  })
}

/** Where the address names no workspace: the note that was open last, or what the token is for. */
function findPlace(): void {
  const here = place.value
  if (here) {
    openWorkspace(here.workspace)
    return
  }
  const last = lastPlace()
  const [grant] = identity.value?.grants ?? []
  if (last && may('read', last.workspace, last.note ?? undefined)) go(last, true)
  else if (grant && grant.workspace !== '*')
    go({ workspace: grant.workspace, note: grant.note ?? null }, true)
  else go({ workspace: workspaces.value[0]?.id ?? 'default', note: null }, true)
}

/** Where the address names no note: a welcome in an empty workspace, else the note that changed last. */
function chooseNote(): void {
  const here = place.value
  if (!here || here.note !== null || !loaded.value || workspace.value !== here.workspace) return
  const list = [...notes.peek().values()]
  const newest = matching(visible.peek(), '')[0]
  const open = (note: string | null) => {
    if (note && place.peek()?.note === null) go({ workspace: here.workspace, note }, true)
  }
  const first = newest?.id ?? null
  if (!may('write', here.workspace)) open(first)
  else
    welcome(here.workspace, list).then(
      (made) => open(made ?? first),
      () => open(first),
    )
}
