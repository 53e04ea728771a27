import type { NoteInfo } from '../api/types'

const plain = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()

/** The notes whose title, type or id holds every word, in any order; newest change first. */
export function matching(notes: Iterable<NoteInfo>, wanted: string): NoteInfo[] {
  const words = plain(wanted).split(/\s+/).filter(Boolean)
  return [...notes]
    .filter((note) => {
      const text = plain(`${note.title} ${note.metadata.type} ${note.id}`)
      return words.every((word) => text.includes(word))
    })
    .sort((one, other) => other.updatedAt.localeCompare(one.updatedAt) || one.id.localeCompare(other.id))
}

/** When a note was changed, as short as can be: "now", "5 min", "3 h", "Mon", "4 Mar". */
export function ago(moment: string, now: number, language?: string): string {
  const then = new Date(moment)
  const minutes = (now - then.getTime()) / 60_000
  if (minutes < 1) return 'now'
  if (minutes < 60) return `${Math.floor(minutes)} min`
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h`
  if (minutes < 6 * 24 * 60) return then.toLocaleDateString(language, { weekday: 'short' })
  const sameYear = then.getFullYear() === new Date(now).getFullYear()
  return then.toLocaleDateString(language, {
    day: 'numeric',
    month: 'short',
    ...(sameYear ? {} : { year: 'numeric' }),
  })
}
