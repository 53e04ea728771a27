import * as menu from '@zag-js/menu'
import { normalizeProps, useMachine } from '@zag-js/preact'
import { useId } from 'preact/hooks'
import { DotsIcon } from './icons'

export interface Item {
  label: string
  run: () => void
  danger?: boolean
  off?: boolean
}

interface Props {
  label: string
  testId: string
  groups: Item[][]
}

/** A button with a menu of what can be done. */
export function Menu({ label, testId, groups }: Props) {
  const items = groups.flat()
  const service = useMachine(menu.machine, {
    id: useId(),
    positioning: { placement: 'bottom-end', gutter: 6, strategy: 'fixed' },
    // The menu gives the focus back first, so that what is run can take it.
    onSelect: ({ value }) => setTimeout(() => items.find((item) => item.label === value)?.run()),
  })
  const api = menu.connect(service, normalizeProps)
  return (
    <>
      <button {...api.getTriggerProps()} class="quiet" aria-label={label} title={label} data-testid={testId}>
        <DotsIcon />
      </button>
      {api.open && (
        <div {...api.getPositionerProps()}>
          <div {...api.getContentProps()} class="menu">
            {groups.map((group) =>
              group.map((item, at) => <Entry key={item.label} {...{ api, item }} first={at === 0} />),
            )}
          </div>
        </div>
      )}
    </>
  )
}

function Entry({ api, item, first }: { api: menu.Api; item: Item; first: boolean }) {
  const props = api.getItemProps({ value: item.label, disabled: item.off ?? false })
  return (
    <div {...props} class={`menu-item${item.danger ? ' danger' : ''}${first ? ' menu-first' : ''}`}>
      {item.label}
    </div>
  )
}
