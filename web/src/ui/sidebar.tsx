import { identity, may, mayMakeWorkspaces } from '../access'
import { matching } from '../notes/filter'
import { visible, workspaces } from '../notes/library'
import { inkOn } from '../presence/colours'
import { me } from '../presence/me'
import { go, place } from '../routing'
import { nextTheme, theme } from '../theme'
import { newNote } from './actions'
import { KeyboardIcon, MoonIcon, PlusIcon, SearchIcon, SunIcon, SystemIcon } from './icons'
import { NoteList } from './notelist'
import { initials } from './rowpeople'
import { dialog, filter, focusText, listShown, narrow } from './state'

export function Sidebar() {
  // On a phone it is all that is shown: then it is what the page is about.
  const Frame = narrow.value && listShown.value ? 'main' : 'aside'
  return (
    <Frame class="sidebar" aria-label="Notes and workspaces">
      <WorkspaceChoice />
      <div class="find">
        <Filter />
        <NewNote />
      </div>
      <NoteList />
      <Foot />
    </Frame>
  )
}

const ANOTHER = '\u0000new'

function WorkspaceChoice() {
  const here = place.value?.workspace ?? ''
  const known = workspaces.value
  const choices =
    known.some((one) => one.id === here) || !here ? known : [{ id: here, title: here }, ...known]
  const choose = (select: HTMLSelectElement) => {
    if (select.value !== ANOTHER) return go({ workspace: select.value, note: null })
    select.value = here
    dialog.value = 'workspace'
  }
  return (
    <div class="workspace">
      <select
        aria-label="Workspace"
        data-testid="workspace"
        value={here}
        onChange={(event) => choose(event.currentTarget)}
      >
        {choices.map((one) => (
          <option key={one.id} value={one.id}>
            {one.id === 'default' && one.title === 'default' ? 'Notes' : one.title}
          </option>
        ))}
        {mayMakeWorkspaces() && <option value={ANOTHER}>New workspace…</option>}
      </select>
    </div>
  )
}

function Filter() {
  const keys = (event: KeyboardEvent) => {
    const first = matching(visible.value, filter.value)[0]
    if (event.key === 'Enter' && first) {
      go({ workspace: first.workspaceId, note: first.id })
      filter.value = ''
      focusText()
    } else if (event.key === 'ArrowDown') {
      event.preventDefault()
      document.querySelector<HTMLElement>('[data-testid="note-row"]')?.focus()
    } else if (event.key === 'Escape') {
      filter.value = ''
      focusText()
    }
  }
  return (
    <label class="filter">
      <SearchIcon />
      <input
        type="search"
        aria-label="Filter notes"
        placeholder="Filter"
        data-testid="filter"
        value={filter.value}
        onInput={(event) => {
          filter.value = event.currentTarget.value
        }}
        onKeyDown={keys}
      />
    </label>
  )
}

function NewNote() {
  const workspace = place.value?.workspace ?? ''
  const allowed = may('write', workspace, undefined, identity.value)
  return (
    <button
      type="button"
      class="new-note"
      aria-label="New note"
      title={allowed ? 'New note (n)' : 'Your token is to read'}
      disabled={!allowed}
      data-testid="new-note"
      onClick={() => void newNote()}
    >
      <PlusIcon />
    </button>
  )
}

const THEME_ICONS = { system: SystemIcon, light: SunIcon, dark: MoonIcon }

function Foot() {
  const { name, color } = me.value
  const ThemeIcon = THEME_ICONS[theme.value]
  return (
    <footer class="foot">
      <button
        type="button"
        class="quiet you"
        data-testid="you"
        onClick={() => {
          dialog.value = 'you'
        }}
      >
        <span class="face" style={{ background: color, color: inkOn(color) }} aria-hidden="true">
          {initials(name)}
        </span>
        <span class="you-name">
          <span class="unseen">You: </span>
          {name}
        </span>
      </button>
      <button
        type="button"
        class="quiet"
        aria-label={`Theme: ${theme.value}`}
        title={`Theme: ${theme.value}`}
        data-testid="theme"
        onClick={nextTheme}
      >
        <ThemeIcon />
      </button>
      <button
        type="button"
        class="quiet"
        aria-label="Keyboard"
        title="Keyboard (?)"
        data-testid="keyboard"
        onClick={() => {
          dialog.value = 'keyboard'
        }}
      >
        <KeyboardIcon />
      </button>
    </footer>
  )
}
