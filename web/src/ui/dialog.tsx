import * as dialog from '@zag-js/dialog'
import { normalizeProps, useMachine } from '@zag-js/preact'
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import { CloseIcon } from './icons'
import { Portal } from './portal'

interface Props {
  title: string
  close: () => void
  children: ComponentChildren
}

/** A dialog, open for as long as it is there: keeps the focus, ends with Escape, gives the focus back. */
export function Dialog({ title, close, children }: Props) {
  const service = useMachine(dialog.machine, {
    id: useId(),
    open: true,
    onOpenChange: ({ open }) => open || close(),
  })
  const api = dialog.connect(service, normalizeProps)
  return (
    <Portal>
      <div>
        <div {...api.getBackdropProps()} class="backdrop" />
        <div {...api.getPositionerProps()} class="dialog-place">
          <div {...api.getContentProps()} class="dialog">
            <div class="dialog-head">
              <h2 {...api.getTitleProps()}>{title}</h2>
              <button {...api.getCloseTriggerProps()} class="quiet" aria-label="Close">
                <CloseIcon />
              </button>
            </div>
            {children}
          </div>
        </div>
      </div>
    </Portal>
  )
}
