import { LanguageDescription } from '@codemirror/language'
import { classHighlighter, highlightCode } from '@lezer/highlight'
import { languages } from '../editor/languages'

const LONGEST = 50_000

/** Colour the code blocks of a preview, with the languages that the editor has. */
export async function highlightBlocks(within: ParentNode): Promise<void> {
  for (const code of within.querySelectorAll<HTMLElement>('pre > code[class^="language-"]')) {
    const name = code.className.slice('language-'.length)
    const text = code.textContent ?? ''
    const description = LanguageDescription.matchLanguageName(languages, name, true)
    if (!description || text.length > LONGEST) continue
    const { language } = await description.load()
    const parts: Node[] = []
    highlightCode(
      text,
      language.parser.parse(text),
      classHighlighter,
      (piece, classes) => {
        const span = document.createElement('span')
        span.className = classes
        span.textContent = piece
        parts.push(classes ? span : document.createTextNode(piece))
      },
      () => parts.push(document.createTextNode('\n')),
    )
    code.replaceChildren(...parts)
  }
}
