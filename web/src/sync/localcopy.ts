import { IndexeddbPersistence } from 'y-indexeddb'
import type { Doc } from 'yjs'
import { Rescue } from './rescue'

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
  private readonly rescue: Rescue

  constructor(
    readonly workspace: string,
    readonly note: string,
    document: Doc,
  ) {
    this.number = generation(workspace, note)
    const name = storeName(workspace, note, this.number)
    this.store = open(name, document)
    this.rescue = new Rescue(name, document)
  }

  /** Wait until what is kept here is in the document; a browser that keeps nothing is not waited for. */
  async loaded(): Promise<void> {
    const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE))
    await Promise.race([this.store?.whenSynced, patience])
    this.rescue.restore()
  }

  async close(): Promise<void> {
    this.rescue.stop()
    await this.store?.destroy().catch(() => undefined)
  }

  /** Forget it all; the next copy of this note is a new one. */
  async forget(): Promise<void> {
    this.rescue.stop()
    this.rescue.forget()
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
