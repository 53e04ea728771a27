import { may } from '../access'
import { place } from '../routing'
import { newNote, step } from './actions'
import { dialog, focusFilter, focusText, focusTitle, nextView } from './state'

/** The keys that work wherever the focus is, and those that work where nothing is written. */

const anywhere: Record<string, () => void> = {
  k: focusFilter,
  e: nextView,
  '/': () => {
    dialog.value = 'keyboard'
  },
}

const elsewhere: Record<string, () => void> = {
  n: () => may('write', place.value?.workspace ?? '') && void newNote(),
  '/': focusFilter,
  e: focusText,
  t: focusTitle,
  d: () => {
    if (place.value?.note) dialog.value = 'details'
  },
  '?': () => {
    dialog.value = 'keyboard'
  },
}

const writes = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
  !(target instanceof HTMLInputElement && /^(radio|checkbox)$/.test(target.type))

function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || dialog.value !== null) return
  const modifier = event.metaKey || event.ctrlKey
  if (event.altKey && !modifier && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
    if (writes(event.target)) return
    step(event.key === 'ArrowUp' ? -1 : 1)
  } else if (modifier && !event.altKey && !event.shiftKey && anywhere[event.key]) anywhere[event.key]?.()
  else if (!modifier && !event.altKey && !writes(event.target) && elsewhere[event.key])
    elsewhere[event.key]?.()
  else return
  event.preventDefault()
}

export function listenToKeys(): () => void {
  addEventListener('keydown', press)
  return () => removeEventListener('keydown', press)
}
