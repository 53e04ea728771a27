import { EditorState, Text } from '@codemirror/state'
import { expect, test } from 'vitest'
import { splits, wellFormed, wholeCharacters, widen } from '../src/editor/surrogates'

const doc = Text.of(['a😀b'])

test('a position between the halves of a character is found', () => {
  expect([0, 1, 2, 3, 4].map((at) => splits('a😀b', at))).toEqual([false, false, true, false, false])
})

test('a change of one half becomes a change of the whole', () => {
  const low = '😁'.charAt(1)
  expect(widen({ from: 2, to: 3, insert: low }, doc)).toEqual({ from: 1, to: 3, insert: '😁' })
  expect(widen({ from: 0, to: 2, insert: '' }, doc)).toEqual({ from: 0, to: 3, insert: '\ufffd' })
})

test('a change of whole characters stays as it is', () => {
  expect(widen({ from: 1, to: 3, insert: '👍' }, doc)).toEqual({ from: 1, to: 3, insert: '👍' })
})

test('halves that stand alone are replaced', () => {
  expect(wellFormed(`${'😀'.charAt(0)}x${'😀'.charAt(1)}😀`)).toBe('\ufffdx\ufffd😀')
})

test('the editor never holds half a character after a key', () => {
  const state = EditorState.create({ doc: 'a😀b', extensions: wholeCharacters })
  const changes = { from: 2, to: 3, insert: '😁'.charAt(1) }
  expect(state.update({ changes, userEvent: 'input.type' }).state.doc.toString()).toBe('a😁b')
})
