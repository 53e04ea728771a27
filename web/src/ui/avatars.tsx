import type { Signal } from '@preact/signals'
import { inkOn } from '../presence/colours'
import { me } from '../presence/me'
import type { Peer } from '../presence/peers'
import { initials } from './rowpeople'
import { followed } from './state'

const MOST = 5

/** Who is here; a click follows somebody, a second one ends that. */
export function Avatars({ peers }: { peers: Signal<Peer[]> }) {
  const others = peers.value
  return (
    <section class="avatars" aria-label="People in this note" data-testid="avatars">
      {others.slice(0, MOST).map((peer) => (
        <Avatar key={peer.client} peer={peer} />
      ))}
      {others.length > MOST && <span class="more">+{others.length - MOST}</span>}
      <span
        class="face own"
        style={{ background: me.value.color, color: inkOn(me.value.color) }}
        title={`${me.value.name} (you)`}
      >
        <span aria-hidden="true">{initials(me.value.name)}</span>
        <span class="unseen">{me.value.name} (you)</span>
      </span>
    </section>
  )
}

function Avatar({ peer }: { peer: Peer }) {
  const following = followed.value === peer.client
  const agent = peer.kind === 'agent'
  return (
    <button
      type="button"
      class={`face${following ? ' following' : ''}${agent ? ' agent' : ''}`}
      style={{ background: peer.color, color: inkOn(peer.color), '--peer': peer.color }}
      aria-label={`Follow ${peer.name}${agent ? ' (agent)' : ''}`}
      aria-pressed={following}
      title={`${peer.name}${agent ? ', an agent' : ''}: ${following ? 'stop following' : 'follow'}`}
      data-testid="avatar"
      data-name={peer.name}
      data-kind={peer.kind}
      onClick={() => {
        followed.value = following ? null : peer.client
      }}
    >
      {agent ? '✦' : initials(peer.name)}
    </button>
  )
}
