/** Dark enough for white letters on them (AA), and apart from each other. */
export const COLOURS = [
  '#0b6bcb',
  '#b4232f',
  '#1f7a3d',
  '#8a3ffc',
  '#a4500f',
  '#0f7276',
  '#b0297f',
  '#5a5f12',
] as const

/** Give a colour that the browser understands; anything else that a stranger sends could be any style. */
export function safeColour(value: unknown, seed: number): string {
  if (typeof value === 'string' && /^#[0-9a-f]{6}$/i.test(value)) return value
  return COLOURS[seed % COLOURS.length] ?? COLOURS[0]
}

/** Another colour than one's own, the same each time: two windows of one person look different. */
export function apartFrom(own: string, colour: string, seed: number): string {
  if (colour.toLowerCase() !== own.toLowerCase()) return colour
  const others = COLOURS.filter((one) => one !== own)
  return others[seed % others.length] ?? colour
}

/** White or black, whichever can be read on a colour. */
export function inkOn(colour: string): string {
  const channel = (at: number) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  const luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
  return luminance > 0.179 ? '#000000' : '#ffffff'
}
