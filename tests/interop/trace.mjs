// A two-person trace as the Yjs updates that its transactions are.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import * as Y from 'yjs'

/** The client ids of the agents. Where both wrote at one spot the lower id stands first, as in the recorded text. */
export const CLIENT_IDS = [1, 2]

export const readTrace = (file) => JSON.parse(gunzipSync(readFileSync(file)).toString())

/** `index` counts code points; the result counts UTF-16 units, as Y.Text does. */
export const utf16Index = (text, index) => {
  let units = 0
  for (let points = 0; points < index; points += 1) units += text.codePointAt(units) > 0xffff ? 2 : 1
  return units
}

const applyPatch = (content, plain, [position, deleted, inserted]) => {
  const text = plain ? '' : content.toString()
  const start = plain ? position : utf16Index(text, position)
  const end = plain ? position + deleted : utf16Index(text, position + deleted)
  if (end > start) content.delete(start, end - start)
  if (inserted !== '') content.insert(start, inserted)
}

/** An agent's own branch: the merge of the parents of the transaction at hand, and nothing else. */
class Branch {
  constructor (agent) {
    this.doc = new Y.Doc()
    this.doc.clientID = CLIENT_IDS[agent]
    this.updates = []
    this.merged = 0
    this.doc.on('update', (update, origin) => { if (origin !== 'merge') this.updates.push(update) })
  }

  get clock () {
    return Y.getState(this.doc.store, this.doc.clientID)
  }

  merge (other, count) {
    if (count < this.merged) throw new Error('the agent goes back behind what it has seen')
    for (; this.merged < count; this.merged += 1) Y.applyUpdate(this.doc, other.updates[this.merged], 'merge')
  }

  edit (patches, plain) {
    const content = this.doc.getText('content')
    this.doc.transact(() => patches.forEach((patch) => applyPatch(content, plain, patch)))
  }
}

/** The last id that an update deletes, or null. */
const lastDeleted = (update) => {
  const [client, ranges] = [...Y.decodeUpdate(update).ds.clients].at(-1) ?? []
  return client === undefined ? null : { client, clock: ranges.at(-1).clock + ranges.at(-1).len - 1 }
}

/** How many transactions of either agent lead up to one with these parents. */
const seen = (parents, versions) => [0, 1].map((agent) => Math.max(0, ...parents.map((parent) => versions[parent][agent])))

/** Whether all characters of a trace are in the basic plane, where code points and UTF-16 units count the same. */
const isPlain = ({ txns }) => !txns.some(({ patches }) => patches.some(([, , inserted]) => /[\u{10000}-\u{10ffff}]/u.test(inserted)))

/**
 * The update of every transaction, one list an agent, in its order. `arrival` says how to see that this update is in a
 * document: `{client, clock, deleted}`; `needs` is the `arrival` of the other agent's last transaction before it, or null.
 */
export const precompute = (trace) => {
  const plain = isPlain(trace)
  const branches = [new Branch(0), new Branch(1)]
  const lists = [[], []]
  const versions = []
  for (const { parents, agent, patches } of trace.txns) {
    const version = seen(parents, versions)
    const own = branches[agent]
    if (version[agent] !== own.updates.length) throw new Error('an agent forks its own line')
    own.merge(branches[1 - agent], version[1 - agent])
    own.edit(patches, plain)
    version[agent] += 1
    if (own.updates.length !== version[agent]) throw new Error('a transaction changes nothing')
    versions.push(version)
    const arrival = { client: CLIENT_IDS[agent], clock: own.clock, deleted: lastDeleted(own.updates.at(-1)) }
    lists[agent].push({ update: own.updates.at(-1), arrival, needs: lists[1 - agent][version[1 - agent] - 1]?.arrival ?? null })
  }
  return lists
}

/** Whether `doc` holds what `needs` (see `precompute`) describes. */
export const arrived = (doc, needs) => needs === null || (
  Y.getState(doc.store, needs.client) >= needs.clock &&
  (needs.deleted === null || Y.getItem(doc.store, Y.createID(needs.deleted.client, needs.deleted.clock)).deleted)
)

/** The text that all updates together give. */
export const mergedText = (lists) => {
  const doc = new Y.Doc()
  for (const list of lists) for (const { update } of list) Y.applyUpdate(doc, update)
  return doc.getText('content').toString()
}
