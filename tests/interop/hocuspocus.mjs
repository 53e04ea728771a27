// One scenario of unmodified Hocuspocus providers, beside a y-websocket client, in one note; prints what they saw as JSON.
// --hocuspocus URL --websocket URL --name workspace/note --version 2|3|4 --words N
import { parseArgs } from 'node:util'
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket-3'
import { Doc } from 'yjs'

const option = { type: 'string' }
const { values } = parseArgs({
  options: { hocuspocus: option, websocket: option, name: option, version: option, words: option }
})
globalThis.WebSocket = WebSocket // version 2 takes no other for the socket that it makes itself
const { HocuspocusProvider, HocuspocusProviderWebsocket } = await import(`hocuspocus-${values.version}`)
const words = Number(values.words)

// Waits for an event after which a condition holds; the condition may hold already.
const until = (target, events, holds) =>
  new Promise((resolve, reject) => {
    const check = () => holds() && (clearTimeout(timer), resolve())
    const timer = setTimeout(() => reject(new Error(`still waiting: ${holds}`)), 45000)
    for (const event of events) target.on(event, check)
    check()
  })

const provider = (name, options = {}) => {
  const heard = { stateless: [], scope: undefined }
  const made = new HocuspocusProvider({
    url: values.hocuspocus,
    name,
    document: new Doc(),
    token: 'any',
    WebSocketPolyfill: WebSocket,
    onStateless: ({ payload }) => heard.stateless.push(payload),
    onAuthenticated: ({ scope } = {}) => { heard.scope = scope },
    ...options
  })
  return Object.assign(made, { heard, text: made.document.getText('content') })
}

const ann = provider(values.name)
const socket = new HocuspocusProviderWebsocket({ url: values.hocuspocus, WebSocketPolyfill: WebSocket })
const ben = provider(values.name, { url: undefined, websocketProvider: socket })
const other = provider(`${values.name}-other`, { url: undefined, websocketProvider: socket })
if (values.version !== '2') {
  ben.attach()
  other.attach()
}
const cat = new WebsocketProvider(values.websocket, values.name, new Doc(), { WebSocketPolyfill: WebSocket })
const catText = cat.doc.getText('content')

await Promise.all([ann, ben, other].map((one) => until(one, ['synced'], () => one.isSynced)))
await until(cat, ['sync'], () => cat.synced)

ann.setAwarenessField('user', { name: 'Ann' })
cat.awareness.setLocalStateField('user', { name: 'Cat' })
const names = (awareness) => [...awareness.getStates().values()].map((state) => state.user?.name).filter(Boolean).sort()
await until(ben.awareness, ['update'], () => names(ben.awareness).length === 2)

for (let i = 0; i < words; i++) {
  ann.text.insert(ann.text.length, `ann${i}😀 `)
  cat.doc.transact(() => catText.insert(0, `cat${i} `))
  if (i % 10 === 0) ben.text.insert(0, `ben${i} `)
  if (i % 25 === 0) await new Promise(setImmediate)
}
other.text.insert(0, 'another note')
const all = [ann, ben, other]
await Promise.all(all.map((one) => until(one, ['unsyncedChanges'], () => !one.hasUnsyncedChanges)))
const length = ann.text.length
const texts = [ann.text, ben.text, catText]
const written = words * (1 + 1) + Math.ceil(words / 10)
const counted = () => texts.every((text) => text.toString().split(' ').length - 1 === written)
await Promise.all([ann.document, ben.document, cat.doc].map((doc) => until(doc, ['update'], counted)))

ann.sendStateless('hello')
await until(ben, ['stateless'], () => ben.heard.stateless.includes('hello'))

console.log(JSON.stringify({
  text: ann.text.toString(),
  equal: texts.every((text) => text.toString() === ann.text.toString()) && length > 0,
  other: other.text.toString(),
  names: names(ben.awareness),
  unsynced: all.map((one) => one.unsyncedChanges),
  scope: ann.heard.scope ?? ann.authorizedScope
}))
process.exit(0)
