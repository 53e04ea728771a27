import { LanguageDescription, LanguageSupport, StreamLanguage, type StreamParser } from '@codemirror/language'

/** The languages of fenced code; each is fetched when a note first has it. */

const stream = (parser: StreamParser<unknown>) => new LanguageSupport(StreamLanguage.define(parser))

const define = (name: string, alias: string[], load: () => Promise<LanguageSupport>) =>
  LanguageDescription.of({ name, alias, load })

const javascript = (options: { jsx?: boolean; typescript?: boolean }) => async () =>
  (await import('@codemirror/lang-javascript')).javascript(options)

export const languages = [
  define('JavaScript', ['js', 'jsx', 'mjs', 'node'], javascript({ jsx: true })),
  define('TypeScript', ['ts', 'tsx'], javascript({ jsx: true, typescript: true })),
  define('JSON', ['json5', 'jsonc'], async () => (await import('@codemirror/lang-json')).json()),
  define('HTML', ['xml', 'svg', 'vue'], async () => (await import('@codemirror/lang-html')).html()),
  define('CSS', ['scss', 'less'], async () => (await import('@codemirror/lang-css')).css()),
  define('Python', ['py'], async () => stream((await import('@codemirror/legacy-modes/mode/python')).python)),
  define('SQL', ['postgres', 'sqlite'], async () =>
    stream((await import('@codemirror/legacy-modes/mode/sql')).standardSQL),
  ),
  define('YAML', ['yml'], async () => stream((await import('@codemirror/legacy-modes/mode/yaml')).yaml)),
  define('Rust', ['rs'], async () => stream((await import('@codemirror/legacy-modes/mode/rust')).rust)),
  define('Go', ['golang'], async () => stream((await import('@codemirror/legacy-modes/mode/go')).go)),
  define('Shell', ['sh', 'bash', 'zsh', 'console'], async () =>
    stream((await import('@codemirror/legacy-modes/mode/shell')).shell),
  ),
  define('TOML', [], async () => stream((await import('@codemirror/legacy-modes/mode/toml')).toml)),
  define('Dockerfile', ['docker'], async () =>
    stream((await import('@codemirror/legacy-modes/mode/dockerfile')).dockerFile),
  ),
  define('Diff', ['patch'], async () => stream((await import('@codemirror/legacy-modes/mode/diff')).diff)),
]
