import { syntaxTree } from '@codemirror/language'
import type { EditorState, Extension } from '@codemirror/state'
import { EditorView } from '@codemirror/view'

/** Links in the text open with Ctrl or Command held. */

const SAFE = new Set(['http:', 'https:', 'mailto:'])

/** Give the address to open, or nothing where it is not one that may be opened. */
export function safeAddress(written: string, base = location.href): string | null {
  const bare = written.trim().replace(/^<|>$/g, '')
  const address = /^[\w.+-]+@[\w-]+\.[\w.-]+$/.test(bare)
    ? `mailto:${bare}`
    : /^www\./i.test(bare)
      ? `https://${bare}`
      : bare
  try {
    const url = new URL(address, base)
    return SAFE.has(url.protocol) ? url.href : null
  } catch {
    return null
  }
}

/** Give the address of the link at a position. */
export function linkAt(state: EditorState, position: number): string | null {
  for (let node = syntaxTree(state).resolveInner(position, 0); ; ) {
    if (node.name === 'URL') return safeAddress(state.sliceDoc(node.from, node.to))
    if (['Link', 'Autolink', 'Image', 'LinkReference'].includes(node.name)) {
      const url = node.getChild('URL')
      return url ? safeAddress(state.sliceDoc(url.from, url.to)) : null
    }
    if (!node.parent) return null
    node = node.parent
  }
}

export function open(address: string): void {
  window.open(address, '_blank', 'noopener,noreferrer')
}

export function openLinkAtCursor(view: EditorView): boolean {
  const address = linkAt(view.state, view.state.selection.main.head)
  if (address) open(address)
  return address !== null
}

export const clickableLinks: Extension = EditorView.domEventHandlers({
  mousedown(event, view) {
    if (!(event.ctrlKey || event.metaKey) || event.button !== 0) return false
    const position = view.posAtCoords({ x: event.clientX, y: event.clientY })
    const address = position === null ? null : linkAt(view.state, position)
    if (address === null) return false
    event.preventDefault()
    open(address)
    return true
  },
})
