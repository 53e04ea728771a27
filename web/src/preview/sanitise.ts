import DOMPurify from 'dompurify'
import { ATTRIBUTES, TAGS } from './html'

/** What may be in a preview. No style, no form, nothing that runs, and nothing that is fetched from anywhere. */

const purifier = DOMPurify(window)

purifier.addHook('afterSanitizeAttributes', (element) => {
  if (element.nodeName === 'A') secureLink(element)
  if (element.nodeName === 'INPUT') secureBox(element)
  const language =
    element.nodeName === 'CODE' ? /(?:^|\s)(language-[\w+#-]+)/.exec(element.className)?.[1] : undefined
  if (language) element.className = language
  else element.removeAttribute('class')
})

function secureLink(link: Element): void {
  const address = link.getAttribute('href') ?? ''
  if (!/^(https?:|mailto:|#|\/(?!\/))/i.test(address)) link.removeAttribute('href')
  if (/^(https?:|\/)/i.test(address)) {
    link.setAttribute('target', '_blank')
    link.setAttribute('rel', 'noopener noreferrer nofollow')
  }
}

function secureBox(box: Element): void {
  if (box.getAttribute('type') !== 'checkbox') {
    box.remove()
    return
  }
  box.setAttribute('disabled', '')
  box.setAttribute('aria-label', 'Done')
}

/** Turn HTML that anybody may have written into elements that do nothing. */
export function sanitise(html: string): DocumentFragment {
  return purifier.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  })
}
