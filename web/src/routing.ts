import { computed, signal } from '@preact/signals'

/** The address names a workspace and a note: `/w/{workspace}/{note}`. */
export interface Place {
  workspace: string
  note: string | null
}

const LAST = 'routa.last'

const path = signal(location.pathname)
addEventListener('popstate', () => {
  path.value = location.pathname
})

export const place = computed<Place | null>(() => parse(path.value))

export function parse(pathname: string): Place | null {
  const found = /^\/w\/([^/]+)(?:\/([^/]+))?\/?$/.exec(pathname)
  if (!found?.[1]) return null
  try {
    return {
      workspace: decodeURIComponent(found[1]),
      note: found[2] ? decodeURIComponent(found[2]) : null,
    }
  } catch {
    return null
  }
}

export function format(to: Place): string {
  const workspace = `/w/${encodeURIComponent(to.workspace)}`
  return to.note === null ? workspace : `${workspace}/${encodeURIComponent(to.note)}`
}

export function go(to: Place, replace = false): void {
  const address = format(to)
  if (replace) history.replaceState(null, '', address)
  else if (address !== location.pathname) history.pushState(null, '', address)
  path.value = address
}

export function remember(at: Place): void {
  localStorage.setItem(LAST, format(at))
}

export function lastPlace(): Place | null {
  return parse(localStorage.getItem(LAST) ?? '')
}
