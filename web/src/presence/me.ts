import { effect, signal } from '@preact/signals'
import type { Identity } from '../api/types'
import { COLOURS } from './colours'

/** Who this browser is to the others: chosen once and kept. */
export interface Me {
  name: string
  color: string
}

const KEY = 'routa.me'
const BIRDS = ['Heron', 'Wren', 'Kestrel', 'Plover', 'Finch', 'Swift', 'Lark', 'Dipper', 'Siskin', 'Curlew']

const any = <Item>(items: readonly Item[]): Item => items[Math.floor(Math.random() * items.length)] as Item

function read(): Me | null {
  try {
    const me = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Partial<Me> | null
    return me?.name && me.color ? { name: me.name, color: me.color } : null
  } catch {
    return null
  }
}

export const me = signal<Me>(read() ?? { name: '', color: any(COLOURS) })

effect(() => {
  if (me.value.name) localStorage.setItem(KEY, JSON.stringify(me.value))
})

/** Without a name of one's own, that of the token is taken; without that, a bird's. */
export function introduce(identity: Identity | null): void {
  if (!me.value.name) me.value = { ...me.value, name: identity?.name ?? `Guest ${any(BIRDS)}` }
}
