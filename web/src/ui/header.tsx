import { openSearchPanel } from '@codemirror/search'
import type { Signal } from '@preact/signals'
import { may } from '../access'
import type { NoteInfo } from '../api/types'
import type { Peer } from '../presence/peers'
import { saveHtml, saveMarkdown } from '../preview/export'
import type { NoteSession } from '../sync/session'
import { drop, duplicate } from './actions'
import { Avatars } from './avatars'
import { BackIcon } from './icons'
import { type Item, Menu } from './menu'
import { SaveStateLabel } from './savestate'
import { dialog, editor, focusTitle, listShown, show, type View, view } from './state'
import { Title } from './title'

interface Props {
  note: NoteInfo
  session: NoteSession
  peers: Signal<Peer[]>
  locked: boolean
}

export function Header({ note, session, peers, locked }: Props) {
  return (
    <header class="note-head">
      <ShowList />
      <Title
        key={note.id}
        note={note}
        locked={session.ending.value !== null || !may('write', note.workspaceId, note.id)}
      />
      {locked && session.scope.value === 'readonly' && (
        <span class="badge" data-testid="read-only">
          Read only
        </span>
      )}
      <SaveStateLabel session={session} />
      <Avatars peers={peers} />
      <ViewChoice />
      <Menu label="Note actions" testId="note-menu" groups={actions(note, session)} />
    </header>
  )
}

export function ShowList() {
  return (
    <button
      type="button"
      class="quiet show-list"
      aria-label="Notes"
      data-testid="show-list"
      onClick={() => {
        listShown.value = true
      }}
    >
      <BackIcon />
    </button>
  )
}

const VIEWS: [View, string][] = [
  ['write', 'Write'],
  ['split', 'Split'],
  ['read', 'Read'],
]

function ViewChoice() {
  return (
    <fieldset class="views">
      <legend class="unseen">View</legend>
      {VIEWS.map(([name, label]) => (
        <label key={name} class={`view view-${name}`}>
          <input
            type="radio"
            name="view"
            checked={view.value === name}
            onChange={() => show(name)}
            data-testid={`view-${name}`}
          />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  )
}

function actions(note: NoteInfo, session: NoteSession): Item[][] {
  const writer = may('write', note.workspaceId)
  const editsIt = may('write', note.workspaceId, note.id)
  const text = () => session.text.toString()
  const opening = !session.ready.value
  const find = () => {
    if (view.value === 'read') show('write')
    requestAnimationFrame(() => editor.value && openSearchPanel(editor.value.view))
  }
  const details = () => {
    dialog.value = 'details'
  }
  return [
    [
      { label: 'Rename', run: focusTitle, off: !editsIt },
      { label: 'Duplicate', run: () => void duplicate(note, text()), off: !writer || opening },
      { label: 'Details', run: details },
    ],
    [{ label: 'Find and replace', run: find }],
    [
      { label: 'Export as Markdown', run: () => saveMarkdown(note.title, text()), off: opening },
      { label: 'Export as HTML', run: () => void saveHtml(note.title, text()), off: opening },
    ],
    [{ label: 'Delete', run: () => drop(note), danger: true, off: !writer }],
  ]
}
