import { applyUpdate, type Doc, mergeUpdates, type Transaction } from 'yjs'

/**
 * What was typed in the moment before a page is closed: the browser's database is written in the background, and what
 * is on its way there is lost with the page. Local storage is written at once, so the last seconds go there.
 */

const MOMENT = 3_000
const MOST_BYTES = 1_000_000

interface Edit {
  at: number
  update: Uint8Array
}

export class Rescue {
  private readonly key: string
  private recent: Edit[] = []

  constructor(
    name: string,
    private readonly document: Doc,
  ) {
    this.key = `routa.rescue:${name}`
    document.on('update', this.take)
    addEventListener('pagehide', this.save)
  }

  private readonly take = (update: Uint8Array, _origin: unknown, _doc: Doc, { local }: Transaction) => {
    if (!local) return
    const now = Date.now()
    this.recent = this.recent.filter(({ at }) => now - at < MOMENT)
    this.recent.push({ at: now, update })
  }

  private readonly save = () => {
    const due = this.recent.filter(({ at }) => Date.now() - at < MOMENT).map(({ update }) => update)
    if (due.length === 0) return
    const update = mergeUpdates(due)
    if (update.length > MOST_BYTES) return
    try {
      localStorage.setItem(this.key, btoa(Array.from(update, (byte) => String.fromCharCode(byte)).join('')))
    } catch {
      // It is full: the database has to do.
    }
  }

  /** Put back what was saved last time; an edit that is there already has no effect. */
  restore(): void {
    const saved = localStorage.getItem(this.key)
    if (saved === null) return
    localStorage.removeItem(this.key)
    const update = Uint8Array.from(atob(saved), (character) => character.charCodeAt(0))
    applyUpdate(this.document, update, this)
  }

  stop(): void {
    this.document.off('update', this.take)
    removeEventListener('pagehide', this.save)
  }

  forget(): void {
    localStorage.removeItem(this.key)
  }
}
