import { LanguageSupport, StreamLanguage } from '@codemirror/language'

/**
 * What `@codemirror/lang-markdown` gets for `@codemirror/lang-html`: HTML within Markdown is left plain, so that
 * nobody waits for the parsers of HTML, CSS and JavaScript who has none of them. Fenced code fetches the real one.
 */
export const html = () =>
  new LanguageSupport(
    StreamLanguage.define({
      token(stream) {
        stream.skipToEnd()
        return null
      },
    }),
  )

export const htmlCompletionSource = () => null
