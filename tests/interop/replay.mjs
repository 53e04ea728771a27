// Replays a two-person trace through a live server: two processes, one unmodified provider each, as fast as causality lets them.
//
//     node replay.mjs --trace FILE --url ws://127.0.0.1:8000/ws --room default/spec [--version 3] [--seconds 120]
//
// Ends when both documents equal the trace's endContent and all that either one wrote has come back from the server. Prints
// one JSON line; exit status 1 when that does not happen in time.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import * as Y from 'yjs'
import { Note } from './note.mjs'
import { arrived, precompute, readTrace } from './trace.mjs'

const turn = () => new Promise(setImmediate)

/** Resolves once `doc` holds what `needs` describes. */
const arrival = (doc, needs) => new Promise((resolve) => {
  const look = () => {
    if (!arrived(doc, needs)) return
    doc.off('update', look)
    resolve()
  }
  doc.on('update', look)
  look()
})

/** Resolves once the server has sent back the deletion of the id. */
const deletionEcho = (ledger, deleted) => new Promise((resolve) => {
  ledger.onUpdate = ({ ds }) => {
    const ranges = ds.clients.get(deleted?.client) ?? []
    if (ranges.some(({ clock, len }) => clock <= deleted.clock && deleted.clock < clock + len)) resolve()
  }
  if (deleted === null) resolve()
})

const typeAll = async (doc, list) => {
  for (const { update, needs } of list) {
    if (!arrived(doc, needs)) await arrival(doc, needs)
    Y.applyUpdate(doc, update, 'typed')
    await turn()
  }
}

const withinSeconds = (seconds, note, promise) => Promise.race([promise, new Promise((_resolve, reject) => {
  setTimeout(() => reject(note.late('all sent and acknowledged', seconds)), seconds * 1000).unref()
})])

/** One of the two people, in a process of its own. */
const takePart = async ({ list, endContent, seconds, ...options }) => {
  const note = new Note(options)
  await note.wait({ synced: true })
  process.send({ ready: true })
  await once(process, 'message')
  const own = list.at(-1).arrival
  const deletions = list.map((entry) => entry.arrival.deleted).filter((deleted) => deleted !== null)
  const echo = deletionEcho(note.ledger, deletions.at(-1) ?? null)
  await withinSeconds(seconds, note, typeAll(note.doc, list))
  await note.wait({ text: endContent, echoed: { [own.client]: own.clock } }, seconds)
  await withinSeconds(seconds, note, echo)
  process.send({ client: own.client, acknowledged: note.ledger.acknowledged(own.client), equal: note.text === endContent })
  await once(process, 'message')
  note.destroy()
  process.exit(0)
}

const startPerson = async (job) => {
  const child = fork(fileURLToPath(import.meta.url), ['--person'], { serialization: 'advanced' })
  const failed = once(child, 'exit').then(([code]) => { throw new Error(`a person left early, with status ${code}`) })
  failed.catch(() => {}) // leaving at the end is no failure
  child.send(job)
  const next = async () => (await Promise.race([once(child, 'message'), failed]))[0]
  await next()
  return { child, next }
}

const replay = async ({ trace: file, url, room, version, seconds }) => {
  const trace = readTrace(file)
  const lists = precompute(trace)
  const job = { url, room, version, seconds: Number(seconds), endContent: trace.endContent }
  const people = await Promise.all(lists.map((list) => startPerson({ ...job, list })))
  const start = performance.now()
  for (const { child } of people) child.send('go')
  const results = await Promise.all(people.map(({ next }) => next()))
  const took = (performance.now() - start) / 1000
  for (const { child } of people) child.send('leave')
  return {
    edits: trace.txns.length, seconds: Number(took.toFixed(3)), editsPerSecond: Math.round(trace.txns.length / took),
    textsEqual: results.every(({ equal }) => equal), acknowledged: Object.fromEntries(results.map(({ client, acknowledged }) => [client, acknowledged]))
  }
}

const OPTIONS = {
  trace: { type: 'string' }, url: { type: 'string' }, room: { type: 'string' },
  version: { type: 'string', default: '3' }, seconds: { type: 'string', default: '120' }
}

if (process.argv[2] === '--person') {
  process.on('disconnect', () => process.exit(1)) // the parent is gone
  const [job] = await once(process, 'message')
  await takePart(job)
} else {
  console.log(JSON.stringify(await replay(parseArgs({ options: OPTIONS }).values)))
}
