import type { Extension, Text } from '@codemirror/state'
import { type EditorView, ViewPlugin } from '@codemirror/view'
import type { Signal } from '@preact/signals'

/** Words and characters, counted in slices while nothing else is to be done. */
export interface Count {
  words: number
  characters: number
}

const SLICE = 4
const PAUSE = 250

/** Count a text a piece at a time: each step takes at most some milliseconds. */
export function* counting(pieces: Iterable<string>): Generator<undefined, Count> {
  let [words, characters, inWord] = [0, 0, false]
  let since = performance.now()
  for (const piece of pieces) {
    for (const character of piece) {
      characters += 1
      const letter = isLetter(character)
      if (letter && !inWord) words += 1
      inWord = letter && !isWordAlone(character)
    }
    if (performance.now() - since < SLICE) continue
    yield
    since = performance.now()
  }
  return { words, characters }
}

function isLetter(character: string): boolean {
  const code = character.codePointAt(0) ?? 0
  if (code < 128)
    return (code > 47 && code < 58) || (code > 64 && code < 91) || (code > 96 && code < 123) || code === 39
  return /[\p{L}\p{N}\p{M}\u2019]/u.test(character)
}

/** Chinese, Japanese and the like write words without spaces: each character counts. */
function isWordAlone(character: string): boolean {
  const code = character.codePointAt(0) ?? 0
  return code > 0x2e7f && /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(character)
}

const idle: (work: () => void) => unknown = window.requestIdleCallback ?? ((work) => setTimeout(work, 16))

class WordCounter {
  private timer: ReturnType<typeof setTimeout> | undefined
  private round = 0

  constructor(
    view: EditorView,
    private readonly result: Signal<Count>,
  ) {
    this.start(view.state.doc)
  }

  update(update: { docChanged: boolean; state: { doc: Text } }): void {
    if (!update.docChanged) return
    clearTimeout(this.timer)
    const { doc } = update.state
    this.timer = setTimeout(() => this.start(doc), doc.length > 100_000 ? 4 * PAUSE : PAUSE)
  }

  private start(doc: Text): void {
    const round = ++this.round
    const counter = counting(doc)
    const step = () => {
      if (round !== this.round) return
      const { done, value } = counter.next()
      if (done) this.result.value = value
      else idle(step)
    }
    idle(step)
  }

  destroy(): void {
    clearTimeout(this.timer)
    this.round += 1
  }
}

export const wordCounter = (result: Signal<Count>): Extension =>
  ViewPlugin.define((view) => new WordCounter(view, result))
