import type { ComponentChildren } from 'preact'
import { may } from '../access'
import type { NoteInfo } from '../api/types'
import { saveMarkdown } from '../preview/export'
import type { Ending } from '../sync/session'
import { open } from './actions'

interface Props {
  ending: Ending
  workspace: string
  note: string
  info: NoteInfo | null
  /** Open the note anew. */
  again: () => void
  dismiss: (() => void) | null
}

const SENTENCES = {
  replaced: 'This note was deleted and made again by somebody. You now see the new one.',
  deleted: 'This note was deleted.',
  missing: 'There is no such note.',
}

/** What happened to the note, and what can be done about it. */
export function Notice({ ending, workspace, note, info, again, dismiss }: Props) {
  const { kind, copy } = ending
  const title = info?.title ?? note
  const writer = may('write', workspace)
  const make = async (content: string) => {
    if (await open(workspace, { noteId: note, title, content })) again()
  }
  return (
    <Bar kind={kind}>
      <p>
        {SENTENCES[kind]}
        {copy && kind !== 'missing' && ' What you had is still here.'}
      </p>
      <div class="notice-buttons">
        {copy && (
          <button type="button" onClick={() => saveMarkdown(`${title} (my copy)`, copy)}>
            Download my copy
          </button>
        )}
        {kind === 'deleted' && writer && (
          <button type="button" class="primary" onClick={() => void make(copy)}>
            Restore
          </button>
        )}
        {kind === 'missing' && writer && (
          <button type="button" class="primary" onClick={() => void make('')}>
            Create it
          </button>
        )}
        {dismiss && (
          <button type="button" onClick={dismiss}>
            Dismiss
          </button>
        )}
      </div>
    </Bar>
  )
}

export function Bar({ kind, children }: { kind: string; children: ComponentChildren }) {
  return (
    <div class={`notice notice-${kind}`} role="alert" data-testid="notice" data-kind={kind}>
      {children}
    </div>
  )
}
