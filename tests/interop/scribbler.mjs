// A client that edits as fast as it can and knows, word by word, what the server acknowledged.
import { getState } from 'yjs'

const WINDOW = 512 // clocks that may be on their way, so that acknowledgements keep coming until the server dies

const covers = (ranges, word) => ranges.some(({ clock, len }) => clock <= word.start && word.end <= clock + len)

export class Scribbler {
  constructor (note, name) {
    this.note = note
    this.name = name
    this.words = [] // { text, start, end, state: 'kept' | 'deleting' | 'deleted' }
    this.base = 0
    this.running = true
    note.ledger.onUpdate = (update) => {
      this.confirmDeletions(update.ds.clients.get(note.doc.clientID) ?? [])
      this.wake?.()
    }
    // What was stored just before a crash may never be echoed: after a sync the window starts anew.
    note.provider.on('sync', () => { this.base = note.clock; this.wake?.() })
    this.done = this.run()
  }

  async run () {
    while (this.running) {
      if (this.note.clock - Math.max(this.base, this.note.acknowledged) < WINDOW) this.edit()
      else await new Promise((resolve) => { this.wake = resolve })
      await new Promise(setImmediate)
    }
  }

  edit () {
    if (this.words.length > 10 && Math.random() < 0.1) this.deleteWord()
    else this.writeWord()
  }

  writeWord () {
    const text = `${this.name}${this.words.length} `
    const start = getState(this.note.doc.store, this.note.doc.clientID)
    this.note.content.insert(this.boundary(), text)
    this.words.push({ text, start, end: start + text.length, state: 'kept' })
  }

  /** The beginning of a random word, so that no word is ever cut in two. */
  boundary () {
    const text = this.note.text
    return text.indexOf(' ', Math.floor(Math.random() * text.length)) + 1
  }

  deleteWord () {
    const word = this.words[Math.floor(Math.random() * this.words.length)]
    if (word.state !== 'kept') return
    const index = ` ${this.note.text}`.indexOf(` ${word.text}`)
    this.note.content.delete(index, word.text.length)
    word.state = 'deleting'
  }

  confirmDeletions (ranges) {
    if (ranges.length === 0) return
    for (const word of this.words) if (word.state === 'deleting' && covers(ranges, word)) word.state = 'deleted'
  }

  /** What was acknowledged so far: words that must be in the note and words that must not be. */
  get ledger () {
    const acknowledged = this.note.acknowledged
    const texts = (state) => this.words.filter((word) => word.state === state && word.end <= acknowledged).map((word) => word.text.trim())
    return {
      clientId: this.note.doc.clientID, acknowledged, written: this.words.length, kept: texts('kept'), deleted: texts('deleted')
    }
  }

  async stop () {
    this.running = false
    this.wake?.()
    await this.done
    return this.ledger
  }
}

/** A Hocuspocus client that writes in bursts, and knows what its provider showed as saved. */
export class Saver {
  constructor (note, name) {
    this.note = note
    this.name = name
    this.words = []
    this.saved = 0 // of the words, in their order
    this.running = true
    note.provider.on('unsyncedChanges', () => this.look())
    this.done = this.run()
  }

  look () {
    if (!this.note.provider.hasUnsyncedChanges) this.saved = this.words.length
    this.wake?.()
    this.note.checkSoon()
  }

  async run () {
    while (this.running) {
      for (let left = Math.ceil(Math.random() * 20); left > 0 && this.running; left -= 1) {
        this.write()
        if (Math.random() < 0.5) await new Promise(setImmediate)
      }
      while (this.running && this.saved < this.words.length) await new Promise((resolve) => { this.wake = resolve })
    }
  }

  write () {
    const text = `${this.name}${this.words.length} `
    this.words.push(text.trim())
    const place = this.note.text.indexOf(' ', Math.floor(Math.random() * this.note.text.length)) + 1
    this.note.content.insert(place, text)
  }

  get ledger () {
    return {
      clientId: this.note.doc.clientID, acknowledged: 0, written: this.words.length, kept: this.words.slice(0, this.saved), deleted: []
    }
  }

  async stop () {
    this.running = false
    this.wake?.()
    await this.done
    return this.ledger
  }
}
