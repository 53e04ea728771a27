import { problem, removal } from '../notes/removal'
import { CloseIcon } from './icons'

/** What was just done and can be undone, and what went wrong. */
export function Toasts() {
  const gone = removal.value
  return (
    <section class="toasts" aria-label="Messages">
      {problem.value && (
        <div class="toast toast-bad" role="alert" data-testid="problem">
          <span>{problem.value}</span>
          <button
            type="button"
            class="quiet"
            aria-label="Close message"
            onClick={() => {
              problem.value = null
            }}
          >
            <CloseIcon />
          </button>
        </div>
      )}
      {gone && (
        <div class="toast" data-testid="toast" key={gone.note.id}>
          <span>“{gone.note.title}” deleted</span>
          <button type="button" class="toast-action" onClick={gone.undo}>
            Undo
          </button>
          <button
            type="button"
            class="quiet"
            aria-label="Dismiss"
            title="Delete it now"
            onClick={() => gone.finish()}
          >
            <CloseIcon />
          </button>
        </div>
      )}
    </section>
  )
}
