import { StyleModule } from 'style-mod'

/**
 * CodeMirror puts its styles into a `<style>` element, which a strict content security policy refuses. Constructed
 * style sheets are no inline styles, so they need no exception: this is the same with those.
 */

const sheets = new Map<StyleModule, CSSStyleSheet>()

function sheetOf(module: StyleModule): CSSStyleSheet {
  const known = sheets.get(module)
  if (known) return known
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(module.getRules())
  sheets.set(module, sheet)
  return sheet
}

export function mountAsConstructedSheets(): void {
  StyleModule.mount = (_root, modules) => {
    const wanted = (Array.isArray(modules) ? modules : [modules as StyleModule]).map(sheetOf)
    const others = document.adoptedStyleSheets.filter((sheet) => !wanted.includes(sheet))
    document.adoptedStyleSheets = [...others, ...wanted]
  }
}
