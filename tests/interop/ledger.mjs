// What one client heard from the server. The provider stays unmodified: it is only handed a socket class that takes notes.
import WebSocket from 'ws'
import * as Y from 'yjs'
import * as decoding from 'lib0/decoding'

const SYNC = 0
const AWARENESS = 1
const PERMISSION_DENIED = 2
const STEP_1 = 0

export class Ledger {
  constructor () {
    this.connections = 0
    this.frames = 0
    this.bytes = 0
    this.closes = []
    this.errors = []
    this.denied = [] // the sentences with which the server said no
    this.refused = 0 // changes that it did not take
    this.asked = 0 // how often it asked for a token
    this.stateless = []
    this.clocks = new Map() // client id -> one past the highest clock of its content that came from the server
    this.presence = new Map() // client id -> the highest awareness clock that came from the server
    this.onUpdate = () => {}
    this.onEvent = () => {}
  }

  /** One past the highest clock of this client id's content that came back from the server. */
  acknowledged (clientId) {
    return this.clocks.get(clientId) ?? 0
  }

  message (data) {
    this.frames += 1
    this.bytes += data.byteLength ?? data.length
    if (typeof data === 'string') this.errors.push(`a text frame: ${data}`)
    else this.read(decoding.createDecoder(new Uint8Array(data)))
    this.onEvent()
  }

  read (decoder) {
    const type = decoding.readVarUint(decoder)
    if (type === AWARENESS) this.noteAwareness(decoding.createDecoder(decoding.readVarUint8Array(decoder)))
    else if (type !== SYNC) this.readOther(type, decoder)
    if (type !== SYNC || decoding.readVarUint(decoder) === STEP_1) return
    const update = Y.decodeUpdate(decoding.readVarUint8Array(decoder))
    for (const struct of update.structs) this.noteStruct(struct)
    this.onUpdate(update)
  }

  readOther (type, decoder) {
    if (type === PERMISSION_DENIED && decoding.readVarUint(decoder) === 0) this.denied.push(decoding.readVarString(decoder))
  }

  noteStruct (struct) {
    // A Skip stands for content that is absent.
    if (struct instanceof Y.Skip) return
    const end = struct.id.clock + struct.length
    if (end > this.acknowledged(struct.id.client)) this.clocks.set(struct.id.client, end)
  }

  noteAwareness (decoder) {
    for (let count = decoding.readVarUint(decoder); count > 0; count -= 1) {
      const clientId = decoding.readVarUint(decoder)
      this.presence.set(clientId, Math.max(decoding.readVarUint(decoder), this.presence.get(clientId) ?? 0))
      decoding.readVarString(decoder)
    }
  }

  close (code, reason) {
    this.closes.push({ code, reason })
    this.onEvent()
  }

  error (message) {
    this.errors.push(message)
    this.onEvent()
  }
}

/** The `WebSocketPolyfill` for a provider: the plain `ws` socket, each event (messages unless told) also entered in `ledger`. */
export const recordingSocket = (ledger, messages = true) => class extends WebSocket {
  constructor (...args) {
    super(...args)
    ledger.connections += 1
    if (messages) this.addEventListener('message', (event) => ledger.message(event.data))
    this.addEventListener('close', (event) => ledger.close(event.code, event.reason))
    this.addEventListener('error', (event) => ledger.error(event.message))
  }
}
