import { useEffect, useRef } from 'preact/hooks'
import type { NoteSession } from '../sync/session'

/** The note as a reader sees it, beside the text or instead of it. */
export function Preview({ session }: { session: NoteSession }) {
  const page = useRef<HTMLDivElement>(null)
  useEffect(() => follow(session, (content) => page.current?.replaceChildren(content)), [session])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable with the keyboard
    <section class="preview" aria-label="Preview" data-testid="preview" tabIndex={0}>
      <div class="prose" ref={page} />
    </section>
  )
}

/** Render now, and again whenever nothing was typed for a moment; the longer the text, the longer the moment. */
function follow(session: NoteSession, show: (content: DocumentFragment) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let ended = false
  const draw = async () => {
    const [{ render }, { highlightBlocks }] = await Promise.all([import('./render'), import('./highlight')])
    if (ended) return
    const content = render(session.text.toString())
    await highlightBlocks(content).catch(() => undefined)
    if (ended) return
    show(content.childNodes.length > 0 ? content : nothing())
  }
  const changed = () => {
    clearTimeout(timer)
    timer = setTimeout(draw, Math.min(150 + session.text.length / 200, 3_000))
  }
  void draw()
  session.text.observe(changed)
  return () => {
    ended = true
    clearTimeout(timer)
    session.text.unobserve(changed)
  }
}

function nothing(): DocumentFragment {
  const content = document.createDocumentFragment()
  const hint = content.appendChild(document.createElement('p'))
  hint.className = 'hint'
  hint.textContent = 'Nothing to read yet.'
  return content
}
