// One Hocuspocus client in one note: a document and the unmodified provider, with the waits of `Note`.
import { WebSocket } from 'ws'
import * as decoding from 'lib0/decoding'
import { Ledger, recordingSocket } from './ledger.mjs'
import { Note } from './note.mjs'

globalThis.WebSocket = WebSocket // version 2 looks for it when it is loaded
const MODULES = Object.fromEntries(await Promise.all(['2', '3', '4'].map(async (version) => [version, await import(`hocuspocus-${version}`)])))

const AUTH = 2
const STATELESS = 5
const CLOSE = 7
const SYNC_STATUS = 8
const ASKED = 0
const DENIED = 1

class EditorLedger extends Ledger {
  constructor () {
    super()
    this.detached = [] // why the server closed the document
  }

  read (decoder) {
    decoding.readVarString(decoder)
    super.read(decoder)
  }

  readOther (type, decoder) {
    if (type === AUTH) this.readAuth(decoder)
    else if (type === STATELESS) this.stateless.push(decoding.readVarString(decoder))
    else if (type === CLOSE) this.detached.push(decoding.readVarString(decoder))
    else if (type === SYNC_STATUS && decoding.readVarUint(decoder) === 0) this.refused += 1
  }

  readAuth (decoder) {
    const kind = decoding.readVarUint(decoder)
    if (kind === ASKED) this.asked += 1
    else if (kind === DENIED) this.denied.push(decoding.readVarString(decoder))
  }
}

/** The socket of an editor, or another editor's. Its waits between two tries are short, so that tests are. */
const socketOf = ({ url, version, beside }, ledger) => beside?.provider.configuration.websocketProvider ??
  new MODULES[version].HocuspocusProviderWebsocket({
    url, WebSocketPolyfill: recordingSocket(ledger, false), delay: 100, minDelay: 100, maxDelay: 400, factor: 1, jitter: false
  })

export class Editor extends Note {
  start () {
    const { room, version, token, tokens = [], sessionAwareness = false } = this.options
    if (!(version in MODULES)) throw new Error(`no provider version ${version}: choose 2, 3 or 4`)
    this.ledger = new EditorLedger()
    this.tokens = token === undefined ? tokens : [token]
    this.provider = new MODULES[version].HocuspocusProvider({
      websocketProvider: socketOf(this.options, this.ledger), name: room, document: this.doc, awareness: this.awareness,
      token: () => this.tokens.length > 1 ? this.tokens.shift() : this.tokens[0], // the last one again and again
      broadcast: false, // of version 2: it would talk past the server
      sessionAwareness
    })
    this.provider.on('message', ({ event }) => this.ledger.message(event.data))
    this.listen(['status', 'synced', 'close', 'unsyncedChanges', 'authenticated', 'authenticationFailed', 'stateless'])
    if (version !== '2') this.provider.attach()
  }

  get socket () {
    return this.provider.configuration.websocketProvider
  }

  get connected () {
    return this.socket.status === 'connected'
  }

  /** What a user interface shows as saved. */
  get saved () {
    return this.provider.synced && !this.provider.hasUnsyncedChanges
  }

  get scope () {
    return this.provider.isAuthenticated ? this.provider.authorizedScope : undefined
  }

  connect () {
    this.socket.connect()
  }

  disconnect () {
    this.socket.disconnect()
  }

  /** Shows another token on the same socket; version 2 lets go of a document that it was denied, and opens it again. */
  renew (token) {
    this.tokens = [token]
    if (this.options.version === '2') this.reattach()
    else this.provider.sendToken()
  }

  reattach () {
    if (this.options.version === '2') {
      this.provider.disconnect()
      this.provider.connect()
    } else {
      this.provider.detach()
      this.provider.attach()
    }
  }

  destroy () {
    super.destroy()
    if (this.options.beside === undefined) this.socket.destroy()
  }
}
