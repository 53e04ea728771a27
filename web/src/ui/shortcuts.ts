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

/** Who is writing may lose the field, when the note is deleted under them: the rest of the word is no command. */
const PAUSE = 1_500
let wroteAt = Number.NEGATIVE_INFINITY

function press(event: KeyboardEvent): void {
  const writing = writes(event.target)
  if (writing) wroteAt = /^(Escape|Tab|Enter)$/.test(event.key) ? Number.NEGATIVE_INFINITY : event.timeStamp
  if (event.defaultPrevented || event.isComposing || dialog.value !== null) return
  const command = commandOf(event, writing)
  if (!command) return
  event.preventDefault()
  command()
}

function commandOf(event: KeyboardEvent, writing: boolean): (() => void) | undefined {
  const { key, altKey, shiftKey } = event
  const modifier = event.metaKey || event.ctrlKey
  if (modifier) return altKey || shiftKey ? undefined : anywhere[key]
  if (writing) return undefined
  if (altKey) return key === 'ArrowUp' ? () => step(-1) : key === 'ArrowDown' ? () => step(1) : undefined
  if (event.timeStamp - wroteAt > PAUSE) return elsewhere[key]
  wroteAt = event.timeStamp
  return undefined
}

export function listenToKeys(): () => void {
  addEventListener('keydown', press)
  return () => removeEventListener('keydown', press)
}
