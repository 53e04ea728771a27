import { Dialog } from './dialog'

const mac = /Mac|iPhone|iPad/.test(navigator.platform)
const MOD = mac ? '⌘' : 'Ctrl'

const KEYS: [string, [string, string][]][] = [
  [
    'Anywhere',
    [
      [`${MOD} K`, 'Find a note'],
      [`${MOD} E`, 'Write, split, read'],
      [`${MOD} /`, 'This list'],
      ['Alt ↑ ↓', 'Note above, below'],
    ],
  ],
  [
    'Outside of a text',
    [
      ['n', 'New note'],
      ['/', 'Find a note'],
      ['e', 'Go to the text'],
      ['t', 'Go to the title'],
      ['d', 'Details'],
      ['?', 'This list'],
    ],
  ],
  [
    'In the text',
    [
      [`${MOD} B, I`, 'Bold, italic'],
      [`${MOD} Shift X`, 'Struck out'],
      [`${MOD} Enter`, 'Tick a task, open a link'],
      [`${MOD} click`, 'Open a link'],
      [`${MOD} F`, 'Find and replace'],
      [`${MOD} Z, ${mac ? '⌘ Shift Z' : 'Ctrl Y'}`, 'Undo, redo: your own edits'],
      [`${MOD} ], [`, 'Indent, outdent'],
      ['Esc', 'Leave the text'],
    ],
  ],
]

export function Keyboard({ close }: { close: () => void }) {
  return (
    <Dialog title="Keyboard" close={close}>
      <div class="keys">
        {KEYS.map(([where, keys]) => (
          <section key={where}>
            <h3>{where}</h3>
            <dl>
              {keys.map(([key, what]) => (
                <div key={key}>
                  <dt>
                    <kbd>{key}</kbd>
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
