// One client in one note: a document, the unmodified provider, and waits that resolve on events.
import { WebsocketProvider as Provider1 } from 'y-websocket-1'
import { WebsocketProvider as Provider3 } from 'y-websocket-3'
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { Ledger, recordingSocket } from './ledger.mjs'

const PROVIDERS = { 1.5: Provider1, 3: Provider3 }

const shortened = (text) => text.length > 200 ? `${text.slice(0, 100)}…${text.slice(-100)} (${text.length} units)` : text

/** What a wait can ask for; several together must hold at the same moment. */
const CONDITIONS = {
  text: (note, wanted) => note.text === wanted,
  contains: (note, wanted) => note.text.includes(wanted),
  length: (note, wanted) => note.content.length === wanted,
  stateVector: (note, wanted) =>
    Object.entries(wanted).every(([clientId, clock]) => Y.getState(note.doc.store, Number(clientId)) >= clock),
  synced: (note, wanted) => note.provider.synced === wanted,
  connected: (note, wanted) => note.connected === wanted,
  acknowledged: (note, wanted) => (note.acknowledged >= note.clock) === wanted,
  echoed: (note, wanted) => Object.entries(wanted).every(([clientId, clock]) => note.ledger.acknowledged(Number(clientId)) >= clock),
  awarenessEchoed: (note, wanted) => note.awarenessEchoed === wanted,
  people: (note, wanted) => JSON.stringify(note.people) === JSON.stringify(wanted),
  closes: (note, wanted) => note.ledger.closes.length >= wanted,
  errors: (note, wanted) => note.ledger.errors.length >= wanted,
  written: (note, wanted) => (note.scribbler?.ledger.kept.length ?? 0) >= wanted,
  connections: (note, wanted) => note.ledger.connections >= wanted,
  saved: (note, wanted) => note.saved === wanted,
  scope: (note, wanted) => note.scope === wanted,
  asked: (note, wanted) => note.ledger.asked >= wanted,
  denied: (note, wanted) => note.ledger.denied.length >= wanted,
  refused: (note, wanted) => note.ledger.refused >= wanted,
  stateless: (note, wanted) => note.ledger.stateless.includes(wanted)
}

export class Note {
  constructor (options) {
    this.options = { awareness: true, version: '3', ...options }
    this.doc = new Y.Doc()
    this.content = this.doc.getText('content')
    this.awareness = new Awareness(this.doc)
    if (!this.options.awareness) this.awareness.setLocalState(null)
    this.waits = new Set()
    this.checking = false
    this.start()
    this.ledger.onEvent = () => this.checkSoon()
    this.doc.on('update', () => this.checkSoon())
    this.awareness.on('update', () => this.checkSoon())
  }

  /** Makes the provider. */
  start () {
    this.ledger ??= new Ledger()
    const { url, room, version, token, subprotocols = false } = this.options
    if (!(version in PROVIDERS)) throw new Error(`no provider version ${version}: choose 1.5 or 3`)
    // Without disableBc two clients in one process would talk past the server.
    this.provider = new PROVIDERS[version](url, room, this.doc, {
      WebSocketPolyfill: recordingSocket(this.ledger), awareness: this.awareness, disableBc: true,
      params: token && !subprotocols ? { token } : {}, protocols: subprotocols ? ['routa-notes', token] : []
    })
    this.listen(['status', 'sync'])
  }

  listen (events) {
    for (const event of events) this.provider.on(event, () => this.checkSoon())
  }

  /** Goes on with another token: a new provider for the same document. */
  renew (token) {
    this.provider.destroy()
    this.options.token = token
    this.start()
  }

  connect () {
    this.provider.connect()
  }

  disconnect () {
    this.provider.disconnect()
  }

  get connected () {
    return this.provider.wsconnected
  }

  /** Whether everything that was written here came back from the server. */
  get saved () {
    return this.provider.synced && this.acknowledged >= this.clock
  }

  get text () {
    return this.content.toString()
  }

  /** How many of its own clocks this document holds. */
  get clock () {
    return Y.getState(this.doc.store, this.doc.clientID)
  }

  get acknowledged () {
    return this.ledger.acknowledged(this.doc.clientID)
  }

  get awarenessEchoed () {
    const own = this.awareness.meta.get(this.doc.clientID)
    return own !== undefined && (this.ledger.presence.get(this.doc.clientID) ?? -1) >= own.clock
  }

  /** The names in everybody's awareness, sorted. */
  get people () {
    return [...this.awareness.getStates().values()].map((state) => state.user?.name).filter(Boolean).sort()
  }

  get status () {
    const { connections, frames, bytes, closes, errors, denied, refused, asked, stateless } = this.ledger
    return {
      clientId: this.doc.clientID, clock: this.clock, acknowledged: this.acknowledged,
      connected: this.connected, saved: this.saved, synced: this.provider.synced, connections, frames, bytes, closes, errors,
      people: this.people, awarenessEchoed: this.awarenessEchoed, denied, refused, asked, stateless, scope: this.scope ?? null
    }
  }

  /** Resolves once all of `conditions` hold together; rejects after `seconds`, telling the state. */
  wait (conditions, seconds = 10) {
    const unknown = Object.keys(conditions).find((name) => !(name in CONDITIONS))
    if (unknown !== undefined) return Promise.reject(new Error(`no condition is called ${unknown}`))
    const holds = () => Object.entries(conditions).every(([name, wanted]) => CONDITIONS[name](this, wanted))
    if (holds()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const wait = { holds, resolve, timer: setTimeout(() => { this.waits.delete(wait); reject(this.late(conditions, seconds)) }, seconds * 1000) }
      this.waits.add(wait)
    })
  }

  late (conditions, seconds) {
    const wanted = shortened(JSON.stringify(conditions))
    return new Error(`after ${seconds} s still not ${wanted}: ${JSON.stringify(this.status)}, text ${JSON.stringify(shortened(this.text))}`)
  }

  /** Looks at the open waits once in this turn of the event loop, however many events it brings. */
  checkSoon () {
    if (this.checking || this.waits.size === 0) return
    this.checking = true
    setImmediate(() => {
      this.checking = false
      for (const wait of this.waits) if (wait.holds()) this.settle(wait)
    })
  }

  settle (wait) {
    clearTimeout(wait.timer)
    this.waits.delete(wait)
    wait.resolve()
  }

  /** The index behind a quotation, as the text is now. */
  end (quotation) {
    return this.content.toString().indexOf(quotation) + quotation.length
  }

  /** Types `text` at `index` one code point at a time; the cursor moves with what others type. */
  async type (text, index = this.content.length) {
    let cursor = Y.createRelativePositionFromTypeIndex(this.content, index, -1)
    for (const character of text) {
      const at = Y.createAbsolutePositionFromRelativePosition(cursor, this.doc).index
      this.content.insert(at, character)
      cursor = Y.createRelativePositionFromTypeIndex(this.content, at + character.length, -1)
      await new Promise(setImmediate)
    }
  }

  replace (text) {
    this.doc.transact(() => {
      this.content.delete(0, this.content.length)
      this.content.insert(0, text)
    })
  }

  destroy () {
    for (const wait of this.waits) {
      clearTimeout(wait.timer)
      wait.resolve()
    }
    this.waits.clear()
    this.provider.destroy()
    this.doc.destroy()
  }
}
