import { IndexeddbPersistence } from 'y-indexeddb'
import type { Doc } from 'yjs'

/**
 * What this browser keeps of a note. A note that was deleted and made again is another document: it gets a store of
 * its own, so that another tab, which still writes to the old one, cannot bring the old text back.
 */

const PATIENCE = 2_000

const generationKey = (workspace: string, note: string) => `routa.generation:${workspace}/${note}`

function generation(workspace: string, note: string): number {
  return Number(localStorage.getItem(generationKey(workspace, note)) ?? 0)
}

const storeName = (workspace: string, note: string, number: number) =>
  `routa-notes/${workspace}/${note}${number ? `/${number}` : ''}`

export class LocalCopy {
  private readonly number: number
  private readonly store: IndexeddbPersistence | null

  constructor(
    readonly workspace: string,
    readonly note: string,
    document: Doc,
  ) {
    this.number = generation(workspace, note)
    this.store = open(storeName(workspace, note, this.number), document)
  }

  /** Wait until what is kept here is in the document; a browser that keeps nothing is not waited for. */
  async loaded(): Promise<void> {
    if (!this.store) return
    await Promise.race([this.store.whenSynced, new Promise((resolve) => setTimeout(resolve, PATIENCE))])
  }

  async close(): Promise<void> {
    await this.store?.destroy().catch(() => undefined)
  }

  /** Forget it all; the next copy of this note is a new one. */
  async forget(): Promise<void> {
    if (generation(this.workspace, this.note) === this.number) {
      localStorage.setItem(generationKey(this.workspace, this.note), String(this.number + 1))
    }
    await this.store?.clearData().catch(() => undefined)
  }
}

function open(name: string, document: Doc): IndexeddbPersistence | null {
  try {
    const store = new IndexeddbPersistence(name, document)
    // A private window may refuse: the page goes on without.
    void (store as unknown as { _db: Promise<unknown> })._db.catch(() => undefined)
    return store
  } catch {
    return null
  }
}
