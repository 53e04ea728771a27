import type { Person } from '../api/types'
import { inkOn, safeColour } from '../presence/colours'

const MOST = 3

export const initials = (name: string): string => {
  const words = name.trim().split(/\s+/)
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map(
    (word) => [...(word ?? '')][0] ?? '',
  )
  return letters.join('').toUpperCase() || '?'
}

/** Who is in a listed note. */
export function RowPeople({ people }: { people: Person[] }) {
  if (people.length === 0) return null
  const names = people.map((person) => person.name).join(', ')
  return (
    <span
      class="row-people"
      data-testid="row-people"
      role="img"
      aria-label={`Here now: ${names}`}
      title={names}
    >
      {people.slice(0, MOST).map((person, at) => {
        const colour = safeColour(person.color, at)
        return (
          <span
            key={at}
            class="face small"
            style={{ background: colour, color: inkOn(colour) }}
            aria-hidden="true"
          >
            {person.kind === 'agent' ? '✦' : initials(person.name)}
          </span>
        )
      })}
      {people.length > MOST && <span class="more">+{people.length - MOST}</span>}
    </span>
  )
}
