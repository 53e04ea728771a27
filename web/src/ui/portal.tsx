import type { VNode } from 'preact'
import { createPortal } from 'preact/compat'

/** Above everything else. (The one of `@zag-js/preact` asks for a global `React`.) */
export function Portal({ children }: { children: VNode }) {
  return createPortal(children, document.body)
}
