// @vitest-environment jsdom
import { expect, test } from 'vitest'
import { parseMessage } from '../src/api/stream'
import { tokenIn } from '../src/credential'
import { safeAddress } from '../src/editor/links'
import { format, parse } from '../src/routing'
import { pauseBefore } from '../src/sync/backoff'

test('an address names a workspace and a note, whatever is in their names', () => {
  for (const place of [
    { workspace: 'default', note: 'a/b c#?' },
    { workspace: 'ü', note: null },
  ]) {
    expect(parse(format(place))).toEqual(place)
  }
  expect(parse('/')).toBeNull()
  expect(parse('/w/%E0%A4%A')).toBeNull()
})

test('a token is found in a pasted link', () => {
  expect(tokenIn('http://127.0.0.1:8787/w/a/b#token=abc.def')).toBe('abc.def')
  expect(tokenIn('  abc.def \n')).toBe('abc.def')
})

test('only addresses that do no harm are opened', () => {
  expect(safeAddress('https://example.com/a')).toBe('https://example.com/a')
  expect(safeAddress('www.example.com')).toBe('https://www.example.com/')
  expect(safeAddress('<ada@example.com>')).toBe('mailto:ada@example.com')
  for (const bad of ['javascript:alert(1)', 'data:text/html,x', 'vbscript:x', 'file:///etc/passwd']) {
    expect(safeAddress(bad)).toBeNull()
  }
})

test('a message of the stream has an id and data', () => {
  expect(parseMessage('id: a-1\ndata: {"type":\ndata: 1}')).toEqual({ id: 'a-1', data: '{"type":\n1}' })
  expect(parseMessage(': ping\nid: a-2')).toEqual({ id: 'a-2', data: '' })
})

test('attempts become rarer, and wait as long as the server says', () => {
  expect([0, 1, 2, 9].map((attempt) => pauseBefore(attempt, '', 0.5))).toEqual([1_000, 2_000, 4_000, 30_000])
  expect(pauseBefore(0, 'Too much: wait 12 seconds.', 0.5)).toBe(12_000)
})
