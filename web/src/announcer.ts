import { signal } from '@preact/signals'

/** What a screen reader is told; one sentence at a time. */
export const announcement = signal('')

export function announce(sentence: string): void {
  // The same sentence twice would not be read again.
  announcement.value = announcement.value === sentence ? `${sentence}\u00a0` : sentence
}
