import { useState } from 'preact/hooks'
import { may } from '../access'
import { changeNote } from '../api/notes'
import { NOTE_TYPES, type NoteInfo, type NoteType, TASK_STATUSES, type TaskStatus } from '../api/types'
import { put } from '../notes/library'
import { attempt } from './actions'
import { Dialog } from './dialog'
import { words } from './notelist'

interface Values {
  title: string
  type: NoteType
  taskStatus: string
  agents: string
  parent: string
  task: string
  custom: string
}

function valuesOf({ title, metadata }: NoteInfo): Values {
  return {
    title,
    type: metadata.type,
    taskStatus: metadata.taskStatus ?? '',
    agents: (metadata.assignedAgentIds ?? []).join(', '),
    parent: metadata.parentNoteId ?? '',
    task: metadata.linkedTaskId ?? '',
    custom: Object.entries(metadata.custom ?? {})
      .map(([key, value]) => `${key}: ${value}`)
      .join('\n'),
  }
}

/** Lines of `name: value` as an object. */
export function parsePairs(text: string): Record<string, string> {
  const pairs = text.split('\n').flatMap((line) => {
    const at = line.indexOf(':')
    return at > 0 ? [[line.slice(0, at).trim(), line.slice(at + 1).trim()] as const] : []
  })
  return Object.fromEntries(pairs)
}

function metadataOf(values: Values) {
  return {
    type: values.type,
    taskStatus: (values.taskStatus || null) as TaskStatus | null,
    assignedAgentIds: values.agents
      .split(',')
      .map((id) => id.trim())
      .filter(Boolean),
    parentNoteId: values.parent.trim() || null,
    linkedTaskId: values.task.trim() || null,
    custom: parsePairs(values.custom),
  }
}

export function Details({ note, close }: { note: NoteInfo; close: () => void }) {
  const [values, setValues] = useState(() => valuesOf(note))
  const locked = !may('write', note.workspaceId, note.id)
  const set = (name: keyof Values) => (event: Event) =>
    setValues({ ...values, [name]: (event.currentTarget as HTMLInputElement).value })
  const save = async (event: Event) => {
    event.preventDefault()
    const title = values.title.trim() || note.title
    const changes = { title, metadata: metadataOf(values) }
    const changed = await attempt(changeNote(note.workspaceId, note.id, changes))
    if (!changed) return
    put(note.id, changed)
    close()
  }
  return (
    <Dialog title="Details" close={close}>
      <form onSubmit={(event) => void save(event)} class="form">
        <fieldset disabled={locked} class="bare">
          <Fields {...{ values, set }} />
        </fieldset>
        <dl class="facts">
          <Fact name="Created" value={moment(note.createdAt)} />
          <Fact name="Changed" value={moment(note.updatedAt)} />
          <Fact name="Id" value={note.id} />
        </dl>
        {!locked && (
          <div class="form-buttons">
            <button type="submit" class="primary">
              Save
            </button>
          </div>
        )}
      </form>
    </Dialog>
  )
}

const moment = (iso: string) =>
  iso ? new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' }) : '—'

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

interface FieldsProps {
  values: Values
  set: (name: keyof Values) => (event: Event) => void
}

function Fields({ values, set }: FieldsProps) {
  return (
    <>
      <Field label="Title" value={values.title} onInput={set('title')} />
      <div class="pair">
        <label class="field">
          <span>Type</span>
          <select value={values.type} onChange={set('type')}>
            {NOTE_TYPES.map((type) => (
              <option key={type} value={type}>
                {words(type.toUpperCase())}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>Status</span>
          <select value={values.taskStatus} onChange={set('taskStatus')}>
            <option value="">None</option>
            {TASK_STATUSES.map((status) => (
              <option key={status} value={status}>
                {words(status)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Field
        label="Assigned agents"
        hint="ids, with commas between"
        value={values.agents}
        onInput={set('agents')}
      />
      <div class="pair">
        <Field label="Parent note" value={values.parent} onInput={set('parent')} />
        <Field label="Linked task" value={values.task} onInput={set('task')} />
      </div>
      <label class="field">
        <span>
          More <small>a line each, name: value</small>
        </span>
        <textarea rows={3} value={values.custom} onInput={set('custom')} />
      </label>
    </>
  )
}

interface FieldProps {
  label: string
  hint?: string
  value: string
  onInput: (event: Event) => void
}

function Field({ label, hint, value, onInput }: FieldProps) {
  return (
    <label class="field">
      <span>
        {label} {hint && <small>{hint}</small>}
      </span>
      <input value={value} onInput={onInput} />
    </label>
  )
}
