import { defaultKeymap } from '@codemirror/commands'
import { markdown, markdownKeymap, markdownLanguage } from '@codemirror/lang-markdown'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import { Compartment, EditorState, type Extension, Prec } from '@codemirror/state'
import { EditorView, keymap, placeholder } from '@codemirror/view'
import type { Signal } from '@preact/signals'
import { YSyncConfig, ySync, ySyncFacet } from 'y-codemirror.next'
import type { Peer } from '../presence/peers'
import type { NoteSession } from '../sync/session'
import { blocks } from './blocks'
import { formatting, leaving } from './commands'
import { remoteCursorLayers } from './cursors'
import { highlighting } from './highlighting'
import { languages } from './languages'
import { clickableLinks } from './links'
import { remotePresence } from './remote'
import { mountAsConstructedSheets } from './stylesheets'
import { wholeCharacters } from './surrogates'
import { taskBoxes } from './tasks'
import { theme } from './theme'
import { ownUndo } from './undo'
import { type Count, wordCounter } from './words'

mountAsConstructedSheets()

export interface Editor {
  view: EditorView
  lock: (locked: boolean) => void
  destroy: () => void
}

const lockable = new Compartment()

const locking = (locked: boolean): Extension => [
  EditorState.readOnly.of(locked),
  EditorView.editable.of(!locked),
  // What cannot be written in can still be read and scrolled with the keyboard.
  EditorView.contentAttributes.of(locked ? { tabindex: '0', 'aria-readonly': 'true' } : {}),
]

const phrases = EditorState.phrases.of({
  next: 'Next',
  previous: 'Previous',
  all: 'All',
  'match case': 'Match case',
  regexp: 'Pattern',
  'by word': 'Whole words',
  replace: 'Replace',
  'replace all': 'Replace all',
  close: 'Close',
})

const text: Extension = [
  phrases,
  // A carriage return is a character like any other: else positions here and in the shared text would differ.
  EditorState.lineSeparator.of('\n'),
  EditorView.clipboardInputFilter.of((pasted) => pasted.replace(/\r\n?/g, '\n')),
  EditorState.tabSize.of(4),
  wholeCharacters,
  EditorView.lineWrapping,
  EditorView.contentAttributes.of({
    'aria-label': 'Note text',
    spellcheck: 'true',
    autocapitalize: 'sentences',
  }),
  placeholder('Write here…'),
]

/** Shows the keys of the page here, too; CodeMirror would make a comment. */
const KEYBOARD_MAP = 'Mod-/'

const writing: Extension = [
  markdown({ base: markdownLanguage, codeLanguages: languages, addKeymap: false, completeHTMLTags: false }),
  highlighting,
  blocks,
  taskBoxes,
  clickableLinks,
  search({ top: true }),
  highlightSelectionMatches({ minSelectionLength: 3, maxMatches: 200 }),
  Prec.high(keymap.of([...formatting, ...markdownKeymap])),
  keymap.of([...searchKeymap, ...leaving, ...defaultKeymap.filter(({ key }) => key !== KEYBOARD_MAP)]),
]

export function openEditor(
  parent: HTMLElement,
  session: NoteSession,
  peers: Signal<Peer[]>,
  count: Signal<Count>,
  locked: boolean,
): Editor {
  const sync = new YSyncConfig(session.text, session.awareness)
  const [undo, manager] = ownUndo(sync)
  const state = EditorState.create({
    doc: session.text.toString(),
    extensions: [
      text,
      undo,
      ySyncFacet.of(sync),
      ySync,
      remotePresence(session.awareness, session.text, peers),
      remoteCursorLayers,
      writing,
      wordCounter(count),
      theme,
      lockable.of(locking(locked)),
    ],
  })
  const view = new EditorView({ state, parent })
  return {
    view,
    lock: (now) => {
      const focused = view.hasFocus
      view.dispatch({ effects: lockable.reconfigure(locking(now)) })
      if (focused) view.contentDOM.focus({ preventScroll: true })
    },
    destroy: () => {
      manager.destroy()
      view.destroy()
    },
  }
}
