import { signal } from '@preact/signals'
import type { Editor } from '../editor/editor'

/** What of the page is shown. */

export type View = 'write' | 'split' | 'read'
export type DialogName = 'keyboard' | 'details' | 'you' | 'workspace'

const KEY = 'routa.view'
const stored = localStorage.getItem(KEY)

export const view = signal<View>(stored === 'split' || stored === 'read' ? stored : 'write')
export const dialog = signal<DialogName | null>(null)
export const filter = signal('')
/** On a phone, whether the list is shown instead of the note. */
export const listShown = signal(false)
export const editor = signal<Editor | null>(null)
/** Whose cursor the text follows. */
export const followed = signal<number | null>(null)

const narrowScreen = matchMedia('(max-width: 760px)')
/** Whether the list and the note are pages of their own. */
export const narrow = signal(narrowScreen.matches)
narrowScreen.addEventListener('change', () => {
  narrow.value = narrowScreen.matches
})

export function show(next: View): void {
  view.value = next
  localStorage.setItem(KEY, next)
}

export function nextView(): void {
  const order: View[] = ['write', 'split', 'read']
  const choices = narrow.value ? order.filter((one) => one !== 'split') : order
  show(choices[(choices.indexOf(view.value) + 1) % choices.length] ?? 'write')
}

export function focusFilter(): void {
  listShown.value = true
  requestAnimationFrame(() => document.querySelector<HTMLInputElement>('[data-testid="filter"]')?.focus())
}

export function focusTitle(): void {
  requestAnimationFrame(() => {
    const title = document.querySelector<HTMLInputElement>('[data-testid="title"]')
    title?.focus()
    title?.select()
  })
}

const PATIENCE = 2_000
let focusDueUntil = 0

/** Make the editor that has just been opened the one that is shown; it gets the focus, if that waited for it. */
export function present(opened: Editor): void {
  editor.value = opened
  if (Date.now() < focusDueUntil) opened.view.focus()
  focusDueUntil = 0
}

/** Go to the text; where the note is only being opened, as soon as it is there. */
export function focusText(): void {
  listShown.value = false
  if (view.value === 'read') show('write')
  focusDueUntil = Date.now() + PATIENCE
  requestAnimationFrame(() => editor.value?.view.focus())
}
