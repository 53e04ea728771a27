import { EditorState, type Extension, type Text, type TransactionSpec } from '@codemirror/state'

/**
 * An emoji is two code units, and half of one is not text: Yjs would store a replacement character. A browser that
 * turns one emoji into another may tell only of the half that differs, so changes are widened to whole characters.
 */

const isHigh = (unit: number) => unit >= 0xd800 && unit <= 0xdbff
const isLow = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff

/** Whether a position is between the two halves of a character. */
export function splits(text: string, at: number): boolean {
  return at > 0 && at < text.length && isHigh(text.charCodeAt(at - 1)) && isLow(text.charCodeAt(at))
}

const splitsIn = (doc: Text, at: number) =>
  at > 0 && at < doc.length && splits(doc.sliceString(at - 1, at + 1), 1)

export interface Change {
  from: number
  to: number
  insert: string
}

/** Widen a change so that it begins and ends between characters, and inserts whole ones. */
export function widen(change: Change, doc: Text): Change {
  let { from, to, insert } = change
  if (splitsIn(doc, from)) {
    insert = doc.sliceString(from - 1, from) + insert
    from -= 1
  }
  if (splitsIn(doc, to)) {
    insert += doc.sliceString(to, to + 1)
    to += 1
  }
  return { from, to, insert: wellFormed(insert) }
}

/** Replace halves that stand alone, as UTF-8 would. */
export function wellFormed(text: string): string {
  return /[\ud800-\udfff]/.test(text)
    ? text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
    : text
}

export const wholeCharacters: Extension = EditorState.transactionFilter.of((transaction) => {
  if (!transaction.docChanged || (!transaction.isUserEvent('input') && !transaction.isUserEvent('delete')))
    return transaction
  const { doc } = transaction.startState
  const changes: Change[] = []
  let widened = false
  transaction.changes.iterChanges((from, to, _fromB, _toB, inserted) => {
    const change = { from, to, insert: inserted.toString() }
    const whole = widen(change, doc)
    widened ||= whole.from !== from || whole.to !== to || whole.insert !== change.insert
    changes.push(whole)
  })
  if (!widened) return transaction
  const last = changes.at(-1)
  const shift = changes
    .slice(0, -1)
    .reduce((sum, { from, to, insert }) => sum + insert.length - (to - from), 0)
  const spec: TransactionSpec = { changes, scrollIntoView: true, userEvent: 'input' }
  return last ? { ...spec, selection: { anchor: last.from + shift + last.insert.length } } : spec
})
