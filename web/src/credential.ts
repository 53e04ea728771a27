import { signal } from '@preact/signals'

/** What lets this browser in. It is taken from the address, where it stands behind `#`, and kept here. */

const KEY = 'routa.token'

export const token = signal(read())
/** Why the token that is kept here is not good any more. */
export const refusal = signal<string | null>(null)

function read(): string | null {
  return localStorage.getItem(KEY)
}

export function keep(value: string): void {
  localStorage.setItem(KEY, value)
  refusal.value = null
  token.value = value
}

export function refuse(reason: string): void {
  refusal.value = reason
}

/** Whoever pastes a whole link means the token in it. */
export function tokenIn(text: string): string {
  const found = /[#&]token=([^&\s]+)/.exec(text)
  return decodeURIComponent(found?.[1] ?? text.trim())
}

/** Take the token out of the address bar, so that it is neither in the history nor copied with the address. */
export function takeFromAddress(): boolean {
  if (!/[#&]token=/.test(location.hash)) return false
  const taken = tokenIn(location.hash)
  history.replaceState(history.state, '', location.pathname + location.search)
  keep(taken)
  return true
}
