import { useState } from 'preact/hooks'
import { createWorkspace } from '../api/workspaces'
import { workspaces } from '../notes/library'
import { go } from '../routing'
import { attempt } from './actions'
import { Dialog } from './dialog'

export function NewWorkspace({ close }: { close: () => void }) {
  const [title, setTitle] = useState('')
  const save = async (event: Event) => {
    event.preventDefault()
    const made = title.trim() ? await attempt(createWorkspace(title.trim())) : null
    if (!made) return
    workspaces.value = [...workspaces.value, made]
    close()
    go({ workspace: made.id, note: null })
  }
  return (
    <Dialog title="New workspace" close={close}>
      <form class="form" onSubmit={(event) => void save(event)}>
        <label class="field">
          <span>Name</span>
          <input
            value={title}
            required
            maxLength={200}
            onInput={(event) => setTitle(event.currentTarget.value)}
          />
        </label>
        <div class="form-buttons">
          <button type="submit" class="primary">
            Create
          </button>
        </div>
      </form>
    </Dialog>
  )
}
