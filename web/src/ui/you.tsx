import { useState } from 'preact/hooks'
import { identity } from '../access'
import { COLOURS } from '../presence/colours'
import { me } from '../presence/me'
import { Dialog } from './dialog'

const NAMES = ['Blue', 'Red', 'Green', 'Violet', 'Orange', 'Teal', 'Pink', 'Olive']

export function You({ close }: { close: () => void }) {
  const [name, setName] = useState(me.value.name)
  const [color, setColor] = useState(me.value.color)
  const save = (event: Event) => {
    event.preventDefault()
    me.value = { name: name.trim().slice(0, 40) || me.value.name, color }
    close()
  }
  return (
    <Dialog title="You" close={close}>
      <form class="form" onSubmit={save}>
        <label class="field">
          <span>
            Name <small>as the others see it</small>
          </span>
          <input value={name} maxLength={40} onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <fieldset class="colours">
          <legend>Colour</legend>
          {COLOURS.map((one, at) => (
            <label key={one} title={NAMES[at]}>
              <input type="radio" name="colour" checked={color === one} onChange={() => setColor(one)} />
              <span class="colour" style={{ background: one }} />
              <span class="unseen">{NAMES[at]}</span>
            </label>
          ))}
        </fieldset>
        {identity.value?.tokens && <p class="hint">{standing()}</p>}
        <div class="form-buttons">
          <button type="submit" class="primary">
            Save
          </button>
        </div>
      </form>
    </Dialog>
  )
}

function standing(): string {
  const who = identity.value
  const until = who?.expiresAt
    ? ` until ${new Date(who.expiresAt).toLocaleDateString(undefined, { dateStyle: 'long' })}`
    : ''
  return `Your token is good${until}.`
}
