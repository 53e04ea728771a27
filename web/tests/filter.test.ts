import { expect, test } from 'vitest'
import type { NoteInfo, NoteType } from '../src/api/types'
import { ago, matching } from '../src/notes/filter'

const note = (
  id: string,
  title: string,
  type: NoteType = 'general',
  updatedAt = '2026-01-01T00:00:00Z',
): NoteInfo => ({
  id,
  title,
  workspaceId: 'default',
  metadata: { type },
  createdAt: updatedAt,
  updatedAt,
})

const ids = (notes: NoteInfo[]) => notes.map(({ id }) => id)

test('every word must be there, in any order, whatever its case and accents', () => {
  const notes = [note('a', 'Café plan'), note('b', 'Plan of the house', 'task'), note('c', 'Other')]
  expect(ids(matching(notes, 'PLAN cafe'))).toEqual(['a'])
  expect(ids(matching(notes, 'task'))).toEqual(['b'])
  expect(ids(matching(notes, '  '))).toEqual(['a', 'b', 'c'])
})

test('what changed last comes first', () => {
  const notes = [
    note('old', 'x', 'general', '2026-01-01T00:00:00Z'),
    note('new', 'x', 'general', '2026-02-01T00:00:00Z'),
  ]
  expect(ids(matching(notes, ''))).toEqual(['new', 'old'])
})

test('a moment is told shortly', () => {
  const now = Date.parse('2026-03-04T12:00:00Z')
  expect(ago('2026-03-04T11:59:30Z', now)).toBe('now')
  expect(ago('2026-03-04T11:30:00Z', now)).toBe('30 min')
  expect(ago('2026-03-04T03:00:00Z', now)).toBe('9 h')
  expect(ago('2026-01-04T03:00:00Z', now, 'en-GB')).toBe('4 Jan')
  expect(ago('2024-01-04T03:00:00Z', now, 'en-GB')).toBe('4 Jan 2024')
})
