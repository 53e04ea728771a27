import { useEffect } from 'preact/hooks'
import { announcement } from '../announcer'
import { loaded } from '../notes/library'
import { place } from '../routing'
import { known } from './actions'
import { Details } from './details'
import { ShowList } from './header'
import { Keyboard } from './keyboard'
import { NewWorkspace } from './newworkspace'
import { OpenNote } from './note'
import { listenToKeys } from './shortcuts'
import { Sidebar } from './sidebar'
import { dialog, listShown } from './state'
import { Toasts } from './toasts'
import { You } from './you'

export function Shell() {
  useEffect(listenToKeys, [])
  const here = place.value
  return (
    <div class={`app${listShown.value ? ' list-shown' : ''}`} data-testid="app">
      <header class="unseen">
        <h1>Routa Notes</h1>
      </header>
      <Sidebar />
      <main class="note">
        {here?.note ? (
          <OpenNote key={`${here.workspace}/${here.note}`} workspace={here.workspace} note={here.note} />
        ) : (
          <NoNote />
        )}
      </main>
      <Toasts />
      <OpenDialog />
      <div class="unseen" role="status" data-testid="announcer">
        {announcement.value}
      </div>
    </div>
  )
}

function NoNote() {
  return (
    <div class="nothing">
      <ShowList />
      <p class="hint">{loaded.value ? 'Choose a note, or make one with n.' : 'Looking for notes…'}</p>
    </div>
  )
}

function OpenDialog() {
  const close = () => {
    dialog.value = null
  }
  const note = known(place.value?.note)
  switch (dialog.value) {
    case 'keyboard':
      return <Keyboard close={close} />
    case 'you':
      return <You close={close} />
    case 'workspace':
      return <NewWorkspace close={close} />
    case 'details':
      return note && <Details note={note} close={close} />
    default:
      return null
  }
}
