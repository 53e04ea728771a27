// A process of y-websocket and Hocuspocus clients, driven by one JSON object a line on stdin: {id, method, client, …} -> {id, result} or {id, error}.
import { createInterface } from 'node:readline'
import * as Y from 'yjs'
import { Editor } from './editor.mjs'
import { Note } from './note.mjs'
import { Saver, Scribbler } from './scribbler.mjs'

const notes = new Map()
const scribblers = new Map()

const base64 = (bytes) => Buffer.from(bytes).toString('base64')
const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64'))

const open = ({ client, hocuspocus = false, beside, ...options }) => {
  if (notes.has(client)) throw new Error(`client ${client} is open already`)
  const note = hocuspocus ? new Editor({ ...options, beside: notes.get(beside) }) : new Note(options)
  notes.set(client, note)
  return note.doc.clientID
}

const close = async (note, { client }) => {
  await scribblers.get(client)?.stop()
  scribblers.delete(client)
  notes.delete(client)
  note.destroy()
}

const METHODS = {
  insert: (note, { index, text }) => note.content.insert(index ?? note.content.length, text),
  delete: (note, { index, length }) => note.content.delete(index, length),
  replace: (note, { text }) => note.replace(text),
  type: (note, { text, index, after }) => note.type(text, after === undefined ? index : note.end(after)),
  text: (note) => note.text,
  wait: (note, { conditions, seconds }) => note.wait(conditions, seconds),
  set_awareness: (note, { state }) => note.awareness.setLocalState(state),
  awareness: (note) => Object.fromEntries(note.awareness.getStates()),
  disconnect: (note) => note.disconnect(),
  reconnect: (note) => note.connect(),
  renew: (note, { token }) => note.renew(token),
  reattach: (note) => note.reattach(),
  stateless: (note, { payload }) => note.provider.sendStateless(payload),
  apply_update: (note, { update }) => Y.applyUpdate(note.doc, bytes(update), 'applied by hand'),
  encode_state: (note) => base64(Y.encodeStateAsUpdate(note.doc)),
  state_vector: (note) => Object.fromEntries(Y.decodeStateVector(Y.encodeStateVector(note.doc))),
  status: (note) => note.status,
  scribble: (note, { client, name }) => {
    note.scribbler = note instanceof Editor ? new Saver(note, name) : new Scribbler(note, name)
    scribblers.set(client, note.scribbler)
  },
  ledger: (_note, { client }) => scribblers.get(client).ledger,
  stop_scribbling: (_note, { client }) => scribblers.get(client).stop(),
  close
}

const perform = ({ method, client, ...params }) => {
  if (method === 'open') return open({ client, ...params })
  if (!(method in METHODS)) throw new Error(`no method is called ${method}`)
  if (!notes.has(client)) throw new Error(`no client is called ${client}`)
  return METHODS[method](notes.get(client), { client, ...params })
}

const answer = async (line) => {
  const { id, ...call } = JSON.parse(line)
  try {
    const result = await perform(call)
    process.stdout.write(JSON.stringify({ id, result: result ?? null }) + '\n')
  } catch (error) {
    process.stdout.write(JSON.stringify({ id, error: error.message }) + '\n')
  }
}

const lines = createInterface({ input: process.stdin })
lines.on('line', answer)
lines.on('close', () => process.exit(0))
