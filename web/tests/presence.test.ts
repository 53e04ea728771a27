// @vitest-environment jsdom
import { expect, test } from 'vitest'
import { COLOURS, inkOn, safeColour } from '../src/presence/colours'
import { peerOf } from '../src/presence/peers'

test('a colour that a stranger sends is a colour, or none of it is used', () => {
  expect(safeColour('#AABBCC', 1)).toBe('#AABBCC')
  for (const bad of ['red;background:url(//x)', 'var(--x)', 7, null, '#12'])
    expect(COLOURS).toContain(safeColour(bad, 1))
})

test('letters can be read on each colour', () => {
  expect(COLOURS.map(inkOn)).toEqual(COLOURS.map(() => '#ffffff'))
  expect(inkOn('#ffee00')).toBe('#000000')
})

test('somebody with the own colour gets another one, the same each time', () => {
  const shown = peerOf(5, { user: { name: 'Ada', color: COLOURS[0] } }, COLOURS[0])
  expect(shown.color).not.toBe(COLOURS[0])
  expect(peerOf(5, { user: { name: 'Ada', color: COLOURS[0] } }, COLOURS[0])).toEqual(shown)
})

test('agents are told apart, and names are names', () => {
  expect(peerOf(1, { user: { name: 'Bot', kind: 'agent' } }, '')).toMatchObject({
    name: 'Bot',
    kind: 'agent',
  })
  expect(peerOf(1, { user: { name: {} } }, '')).toMatchObject({ name: 'Anonymous', kind: 'person' })
})
