// @y/websocket-server as its own command starts it; with the LevelDB store of its earlier releases, bound as they
// did it, when LEVEL names a folder.
import http from 'node:http'
import { createRequire } from 'node:module'
import { setPersistence, setupWSConnection } from './node_modules/@y/websocket-server/src/utils.js'

// The packages that the server itself uses: it has a Yjs of its own.
const require = createRequire(import.meta.url)
const own = createRequire(require.resolve('./node_modules/@y/websocket-server/src/utils.js'))
const { Server } = own('ws')
const { PORT, LEVEL } = process.env

if (LEVEL) {
  const { LeveldbPersistence } = require('y-leveldb')
  const Y = require('yjs')
  const store = new LeveldbPersistence(LEVEL)
  const { applyUpdate, encodeStateAsUpdate } = await import(own.resolve('yjs').replace(/dist\/.*/, 'src/index.js'))
  setPersistence({
    provider: store,
    bindState: async (name, note) => {
      const stored = await store.getYDoc(name)
      const fresh = encodeStateAsUpdate(note)
      store.storeUpdate(name, fresh)
      applyUpdate(note, Y.encodeStateAsUpdate(stored))
      note.on('update', update => store.storeUpdate(name, update))
    },
    writeState: async () => {}
  })
}

const sockets = new Server({ noServer: true })
sockets.on('connection', setupWSConnection)
const server = http.createServer((_request, response) => response.end('okay'))
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, client => sockets.emit('connection', client, request))
})
server.listen(Number(PORT), '127.0.0.1', 4096, () => console.log('listening'))
