import { HocuspocusProvider } from '@hocuspocus/provider'
import { batch, computed, signal } from '@preact/signals'
import type { Awareness } from 'y-protocols/awareness'
import { Doc, type Transaction } from 'yjs'
import { noteExists } from '../api/notes'
import { readIdentity } from '../api/workspaces'
import { token } from '../credential'
import { LocalCopy } from './localcopy'
import { pendingCount, setPending } from './pending'
import { judge } from './savestate'
import type { Socket } from './socket'

/** Why a note is not the one on the server any more; what it said here stays in `copy`. */
export interface Ending {
  kind: 'replaced' | 'deleted' | 'missing'
  copy: string
}

const REASONS = {
  replaced: 'the note was replaced',
  deleted: 'the note was deleted',
  missing: 'there is no such note',
}

/** An open note: its document, kept here and on the server. */
export class NoteSession {
  readonly document = new Doc()
  readonly text = this.document.getText('content')
  readonly awareness: Awareness
  readonly ending = signal<Ending | null>(null)
  /** Whether there is something to show: what was kept here, or what the server has. */
  readonly ready = signal(false)
  readonly scope = signal<'readonly' | 'read-write' | null>(null)
  readonly changes = signal(0)
  private readonly synced = signal(false)
  private readonly unconfirmed = signal(0)
  private readonly refused = signal<string | null>(null)
  private readonly provider: HocuspocusProvider
  private readonly copy: LocalCopy
  private readonly check = () => this.checkThatItExists()
  private closed = false
  private retired = false

  readonly state = computed(() =>
    judge({
      online: this.socket.online.value,
      connected: this.socket.connected.value,
      retryAt: this.socket.retryAt.value,
      scope: this.scope.value,
      synced: this.synced.value,
      unconfirmed: this.unconfirmed.value,
      changes: this.changes.value,
      refused: this.refused.value,
    }),
  )

  constructor(
    private readonly socket: Socket,
    readonly workspace: string,
    readonly note: string,
  ) {
    this.changes.value = pendingCount(workspace, note)
    this.copy = new LocalCopy(workspace, note, this.document)
    this.provider = this.makeProvider()
    if (!this.provider.awareness) throw new Error('A provider without awareness')
    this.awareness = this.provider.awareness
    this.document.on(
      'update',
      (_update: Uint8Array, _origin: unknown, _doc: Doc, transaction: Transaction) => {
        if (transaction.local) this.count(this.changes.value + 1)
      },
    )
    void this.start()
  }

  private makeProvider(): HocuspocusProvider {
    return new HocuspocusProvider({
      websocketProvider: this.socket.provider,
      name: `${this.workspace}/${this.note}`,
      document: this.document,
      token: () => token.value ?? '',
      onAuthenticated: ({ scope }) => this.letIn(scope as 'readonly' | 'read-write'),
      onAuthenticationFailed: ({ reason }) => void this.denied(reason),
      onSynced: () => this.observe(),
      onUnsyncedChanges: () => this.observe(),
      onClose: ({ event }) => this.left(event),
    })
  }

  private async start(): Promise<void> {
    this.socket.checks.add(this.check)
    const found = this.check().catch(() => undefined)
    await this.copy.loaded()
    // A reader waits for the server; so does a writer who has nothing yet, unless there is no server to wait for.
    if (this.text.length > 0 || !this.socket.online.value) this.ready.value = true
    await found
    if (this.closed || this.ending.value) return
    this.provider.attach()
    this.socket.connect()
  }

  /** Make sure, before connecting, that the note is there: to open one that was deleted would make it again. */
  private async checkThatItExists(): Promise<void> {
    if (await noteExists(this.workspace, this.note)) return
    this.end(this.text.length > 0 ? 'deleted' : 'missing')
  }

  private letIn(scope: 'readonly' | 'read-write'): void {
    batch(() => {
      this.refused.value = null
      this.scope.value = scope
    })
  }

  private async denied(reason: string): Promise<void> {
    // A token that is good for nothing is told of by the page; any other reason by the note.
    await readIdentity().catch(() => undefined)
    batch(() => {
      this.refused.value = reason
      this.ready.value = true
    })
  }

  private observe(): void {
    batch(() => {
      this.synced.value = this.provider.synced
      this.unconfirmed.value = this.provider.unsyncedChanges
      if (!this.provider.synced) return
      this.ready.value = true
      if (this.provider.unsyncedChanges === 0) this.count(0)
    })
    if (this.retired && this.changes.value === 0) this.destroy()
  }

  private left(event: { code?: number; reason?: string } | undefined): void {
    const reason = event?.reason ?? ''
    batch(() => {
      this.synced.value = false
      this.scope.value = this.scope.value === 'readonly' ? 'readonly' : null
      this.ready.value = true
    })
    // On this protocol a document is closed with a reason and without the code (4409, 4404).
    if (event?.code === 4409 || /made again/.test(reason)) this.end('replaced')
    else if (event?.code === 4404 || /was deleted/.test(reason)) this.end('deleted')
  }

  private end(kind: Ending['kind']): void {
    if (this.ending.value || this.closed) return
    const copy = this.text.toString()
    this.destroy(false)
    setPending(this.workspace, this.note, 0)
    void this.copy.forget()
    batch(() => {
      this.ready.value = true
      this.refused.value = REASONS[kind]
      this.changes.value = 0
      this.ending.value = { kind, copy }
    })
  }

  private count(changes: number): void {
    if (changes === this.changes.value) return
    this.changes.value = changes
    setPending(this.workspace, this.note, changes)
  }

  /** Tell the others who is here. */
  introduce(user: Record<string, string>): void {
    if (this.awareness.getLocalState() === null) this.awareness.setLocalState({})
    this.awareness.setLocalStateField('user', user)
  }

  /** Leave the note once everything is committed; until then it stays connected, out of sight. */
  retire(): void {
    this.retired = true
    this.awareness.setLocalState(null)
    if (this.changes.value === 0) this.destroy()
  }

  /** Take a note back that was about to be left. */
  revive(): boolean {
    if (this.closed) return false
    this.retired = false
    return true
  }

  destroy(close = true): void {
    if (this.closed) return
    this.closed = true
    this.socket.checks.delete(this.check)
    this.provider.destroy()
    if (close) void this.copy.close()
  }
}
