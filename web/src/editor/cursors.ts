import { EditorSelection, type Extension } from '@codemirror/state'
import { type EditorView, type LayerMarker, layer, RectangleMarker, type ViewUpdate } from '@codemirror/view'
import { inkOn } from '../presence/colours'
import { type RemoteCursor, remoteCursors } from './remote'

/**
 * The others' cursors and selections, drawn over and under the text instead of in it: nothing of them can move the own
 * cursor or be cut off by a line, and a selection fills each of its lines as far as the own one does.
 */

const FRESH = 2_500
/** Whether names go without fading. */
const still = matchMedia('(prefers-reduced-motion: reduce)')

class CaretMarker implements LayerMarker {
  constructor(
    private readonly cursor: RemoteCursor,
    private readonly left: number,
    private readonly top: number,
    private readonly height: number,
    /** Whether there is no room above it for a name. */
    private readonly atTop: boolean,
    /** Whether there is no room beside it for a name. */
    private readonly atEnd: boolean,
  ) {}

  eq(other: CaretMarker): boolean {
    const same = this.left === other.left && this.top === other.top && this.height === other.height
    return same && this.cursor.movedAt === other.cursor.movedAt && this.looks() === other.looks()
  }

  private looks(): string {
    const { client, name, color, kind } = this.cursor.peer
    return JSON.stringify([client, name, color, kind, this.atTop, this.atEnd])
  }

  draw(): HTMLElement {
    const caret = document.createElement('div')
    const label = document.createElement('span')
    label.className = 'remote-cursor-label'
    caret.append(label)
    this.show(caret)
    return caret
  }

  update(caret: HTMLElement, previous: CaretMarker): boolean {
    if (previous.cursor.peer.client !== this.cursor.peer.client) return false
    this.show(caret)
    return true
  }

  private show(caret: HTMLElement): void {
    const { name, color, kind } = this.cursor.peer
    caret.className = `remote-cursor${this.atTop ? ' remote-cursor-top' : ''}${this.atEnd ? ' remote-cursor-end' : ''}`
    caret.dataset.name = name
    caret.dataset.kind = kind
    caret.style.setProperty('--peer', color)
    caret.style.setProperty('--peer-ink', inkOn(color))
    Object.assign(caret.style, { left: `${this.left}px`, top: `${this.top}px`, height: `${this.height}px` })
    const label = caret.firstElementChild as HTMLElement
    label.textContent = kind === 'agent' ? `✦ ${name}` : name
    for (const running of label.getAnimations()) running.cancel()
    const age = Date.now() - this.cursor.movedAt
    if (age < FRESH) {
      const fading = [{ opacity: 1, offset: 0.85 }, { opacity: 0 }]
      label.animate([{ opacity: 1 }, ...(still.matches ? [{ opacity: 1 }] : fading)], {
        duration: FRESH - age,
      })
    }
  }
}

class SelectionMarker implements LayerMarker {
  constructor(
    private readonly box: RectangleMarker,
    private readonly color: string,
  ) {}

  eq(other: SelectionMarker): boolean {
    return this.color === other.color && this.box.eq(other.box)
  }

  draw(): HTMLElement {
    const drawn = this.box.draw()
    drawn.style.setProperty('--peer', this.color)
    return drawn
  }
}

/** About how wide a label with this name is, in pixels. */
const widthOf = (name: string) => 24 + 7 * name.length

const changed = (update: ViewUpdate) =>
  update.docChanged || update.startState.field(remoteCursors) !== update.state.field(remoteCursors)

const inSight = (view: EditorView, position: number) =>
  position >= view.viewport.from && position <= view.viewport.to

const carets = layer({
  above: true,
  class: 'remote-cursors',
  update: changed,
  markers: (view) =>
    view.state.field(remoteCursors).flatMap((cursor) => {
      if (!inSight(view, cursor.head)) return []
      const [box] = RectangleMarker.forRange(view, '', EditorSelection.cursor(cursor.head))
      if (!box) return []
      const atEnd = box.left + widthOf(cursor.peer.name) > view.scrollDOM.clientWidth
      return [new CaretMarker(cursor, box.left, box.top, box.height, box.top < 22, atEnd)]
    }),
})

const selections = layer({
  above: false,
  class: 'remote-selections',
  update: changed,
  markers: (view) =>
    view.state.field(remoteCursors).flatMap(({ peer, anchor, head }) => {
      const [from, to] = anchor < head ? [anchor, head] : [head, anchor]
      if (from === to || from > view.viewport.to || to < view.viewport.from) return []
      const range = EditorSelection.range(from, to)
      return RectangleMarker.forRange(view, 'remote-selection', range).map(
        (box) => new SelectionMarker(box, peer.color),
      )
    }),
})

export const remoteCursorLayers: Extension = [selections, carets]
