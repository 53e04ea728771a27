import { expect, test } from 'vitest'
import { describe, type Facts, judge } from '../src/sync/savestate'

const quiet: Facts = {
  online: true,
  connected: true,
  retryAt: null,
  scope: 'read-write',
  synced: true,
  unconfirmed: 0,
  changes: 0,
  refused: null,
}

test('nothing is called saved before the server has confirmed it', () => {
  expect(judge(quiet)).toEqual({ kind: 'saved' })
  expect(judge({ ...quiet, unconfirmed: 1, changes: 1 })).toEqual({ kind: 'saving', opening: false })
  expect(judge({ ...quiet, synced: false, changes: 2 })).toEqual({ kind: 'saving', opening: false })
  expect(judge({ ...quiet, scope: null })).toEqual({ kind: 'saving', opening: true })
})

test('without a network, what is kept here is counted', () => {
  const state = judge({ ...quiet, online: false, connected: false, changes: 3 })
  expect(state).toEqual({ kind: 'offline', changes: 3 })
  expect(describe(state, 0)).toBe('Offline · 3 changes kept here')
})

test('the seconds until the next attempt are counted down', () => {
  const state = judge({ ...quiet, connected: false, retryAt: 5_000, changes: 1 })
  expect(describe(state, 1_200)).toBe('Reconnecting in 4 s · 1 change kept here')
  expect(describe(state, 9_000)).toBe('Reconnecting in 0 s · 1 change kept here')
})

test('a reader is not told that anything is saved', () => {
  expect(judge({ ...quiet, scope: 'readonly', unconfirmed: 1 })).toEqual({ kind: 'readonly' })
})

test('a refusal comes before everything else, with its reason', () => {
  const state = judge({ ...quiet, online: false, refused: 'The note is full.', changes: 2 })
  expect(state).toEqual({ kind: 'refused', reason: 'The note is full.', changes: 2 })
})
