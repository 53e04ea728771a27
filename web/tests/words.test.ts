// @vitest-environment jsdom
import { expect, test } from 'vitest'
import { counting } from '../src/editor/words'

function count(...pieces: string[]) {
  const counter = counting(pieces)
  for (;;) {
    const { done, value } = counter.next()
    if (done) return value
  }
}

test('words and characters are counted as people count them', () => {
  expect(count("It's a note, isn't it?")).toEqual({ words: 5, characters: 22 })
  expect(count('# - **\n')).toEqual({ words: 0, characters: 7 })
  expect(count('😀 größer')).toEqual({ words: 1, characters: 8 })
  expect(count('你好')).toEqual({ words: 2, characters: 2 })
})

test('a word goes on over the end of a piece', () => {
  expect(count('hel', 'lo world')).toEqual({ words: 2, characters: 11 })
})
