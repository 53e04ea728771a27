/** How many edits of each note are not known to be committed: kept, so that a reload does not forget them. */

const PREFIX = 'routa.pending:'

const key = (workspace: string, note: string) => PREFIX + JSON.stringify([workspace, note])

export function pendingCount(workspace: string, note: string): number {
  return Number(localStorage.getItem(key(workspace, note)) ?? 0)
}

export function setPending(workspace: string, note: string, count: number): void {
  if (count === 0) localStorage.removeItem(key(workspace, note))
  else localStorage.setItem(key(workspace, note), String(count))
}

/** The notes that have such edits. */
export function pendingNotes(): { workspace: string; note: string }[] {
  return Object.keys(localStorage)
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => {
      const [workspace, note] = JSON.parse(name.slice(PREFIX.length)) as [string, string]
      return { workspace, note }
    })
}
