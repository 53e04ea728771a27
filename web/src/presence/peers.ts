import { type Signal, signal } from '@preact/signals'
import type { Awareness } from 'y-protocols/awareness'
import { announce } from '../announcer'
import { apartFrom, safeColour } from './colours'
import { me } from './me'

/** Somebody else who has the note open. */
export interface Peer {
  client: number
  name: string
  color: string
  kind: 'person' | 'agent'
}

interface State {
  user?: { name?: unknown; color?: unknown; kind?: unknown; agent?: unknown }
}

const LONGEST_NAME = 40

export function peerOf(client: number, state: State, own: string): Peer {
  const { name, color, kind, agent } = state.user ?? {}
  const shown = typeof name === 'string' && name.trim() ? name.trim().slice(0, LONGEST_NAME) : 'Anonymous'
  return {
    client,
    name: shown,
    color: apartFrom(own, safeColour(color, client), client),
    kind: kind === 'agent' || agent === true ? 'agent' : 'person',
  }
}

/** Follow who comes and goes; the second value ends it. */
export function watchPeers(awareness: Awareness): [Signal<Peer[]>, () => void] {
  const peers = signal<Peer[]>([])
  let settled = false
  const look = () => {
    const states = [...awareness.getStates()] as [number, State][]
    const now = states
      .filter(([client, state]) => client !== awareness.clientID && state.user !== undefined)
      .map(([client, state]) => peerOf(client, state, me.value.color))
      .sort((one, other) => one.client - other.client)
    if (JSON.stringify(now) === JSON.stringify(peers.value)) return
    if (settled) tell(peers.value, now)
    peers.value = now
  }
  // Those who are there already are shown, not announced one by one.
  const timer = setTimeout(() => {
    settled = true
  }, 1500)
  awareness.on('change', look)
  look()
  return [
    peers,
    () => {
      clearTimeout(timer)
      awareness.off('change', look)
    },
  ]
}

function tell(before: Peer[], now: Peer[]): void {
  const clients = (list: Peer[]) => new Set(list.map((peer) => peer.client))
  const [were, are] = [clients(before), clients(now)]
  const names = (list: Peer[]) => list.map((peer) => peer.name).join(', ')
  const came = now.filter((peer) => !were.has(peer.client))
  const went = before.filter((peer) => !are.has(peer.client))
  if (came.length) announce(`${names(came)} joined.`)
  else if (went.length) announce(`${names(went)} left.`)
}
