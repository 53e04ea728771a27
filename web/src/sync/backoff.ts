const PAUSES = [1, 2, 4, 8, 15, 30]

/** How long to wait before the next attempt, in milliseconds: longer each time, and not all clients at once. */
export function pauseBefore(attempt: number, reason = '', random = Math.random()): number {
  const named = /(\d+(?:\.\d+)?) (?:s\b|second)/.exec(reason)
  const seconds = PAUSES[Math.min(attempt, PAUSES.length - 1)] ?? 30
  const wanted = named?.[1] ? Math.max(Number(named[1]), seconds) : seconds
  return wanted * 1000 * (0.8 + random * 0.4)
}
