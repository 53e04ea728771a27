// @hocuspocus/server with its default settings; with the SQLite extension when SQLITE names a file.
import { SQLite } from '@hocuspocus/extension-sqlite'
import { Server } from '@hocuspocus/server'

const { PORT, SQLITE } = process.env
const extensions = SQLITE ? [new SQLite({ database: SQLITE })] : []
const server = new Server({ port: Number(PORT), address: '127.0.0.1', quiet: true, extensions })
await server.listen()
console.log('listening')
