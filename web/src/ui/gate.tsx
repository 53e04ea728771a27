import { useState } from 'preact/hooks'
import { keep, refusal, token, tokenIn } from '../credential'

/** What stands in the place of the notes for somebody whose token is not good for them. */
export function Gate({ enter }: { enter: () => void }) {
  const [text, setText] = useState('')
  const reason = refusal.value
  const submit = (event: Event) => {
    event.preventDefault()
    if (!text.trim()) return
    keep(tokenIn(text))
    setText('')
    enter()
  }
  return (
    <main class="gate" data-testid="token-gate">
      <h1>Routa Notes</h1>
      <p data-testid="token-message" role="alert">
        {token.value && reason
          ? `Your token is not valid any more, or never was. ${reason}`
          : 'A token is needed to open these notes.'}
      </p>
      <p class="hint">Open the link that the server printed or that you were sent, or paste it here.</p>
      <form onSubmit={submit}>
        <label class="field">
          <span>Token</span>
          <textarea
            rows={3}
            data-testid="token-field"
            spellcheck={false}
            autocomplete="off"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => event.key === 'Enter' && submit(event)}
          />
        </label>
        <button type="submit" class="primary">
          Open notes
        </button>
      </form>
    </main>
  )
}
