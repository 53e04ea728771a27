import { Failure, query, send } from './request'
import type { NoteInfo, Present } from './types'

/** What happens to notes, as the server tells of it. */
export interface NoteEvent {
  type: 'connected' | 'note:created' | 'note:updated' | 'note:deleted' | 'note:presence'
  workspaceId: string
  noteId: string
  note?: NoteInfo & { content?: string }
  present?: Present
  /** The stream could not go on from where this client was. */
  missed?: boolean
}

const LONGEST_PAUSE = 15_000

/**
 * Listen to a workspace until the signal says to stop. `EventSource` cannot show a token, so the stream is read here.
 * A stream that breaks is opened again where it ended.
 */
export async function listen(
  workspaceId: string,
  signal: AbortSignal,
  take: (event: NoteEvent) => void,
): Promise<void> {
  let lastId: string | null = null
  let pause = 500
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = lastId ? { 'Last-Event-ID': lastId } : {}
      const response = await send(`/api/notes/events?${query({ workspaceId, content: 'false' })}`, {
        signal,
        headers,
      })
      pause = 500
      for await (const message of messages(response)) {
        lastId = message.id ?? lastId
        if (message.data) take(JSON.parse(message.data) as NoteEvent)
      }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof Failure && [401, 403, 404].includes(error.status)) return
    }
    await rest(pause, signal)
    pause = Math.min(pause * 2, LONGEST_PAUSE)
  }
}

interface Message {
  id: string | null
  data: string
}

async function* messages(response: Response): AsyncGenerator<Message> {
  if (!response.body) return
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  const parts: string[] = []
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    parts.push(value)
    if (!value.includes('\n')) continue
    const blocks = parts.join('').split('\n\n')
    parts.splice(0, parts.length, blocks.pop() ?? '')
    for (const block of blocks) yield parseMessage(block)
  }
}

export function parseMessage(block: string): Message {
  let id: string | null = null
  const data: string[] = []
  for (const line of block.split('\n')) {
    if (line.startsWith('id:')) id = line.slice(3).trim()
    else if (line.startsWith('data:')) data.push(line.slice(5).trimStart())
  }
  return { id, data: data.join('\n') }
}

function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      removeEventListener('online', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    addEventListener('online', done)
    signal.addEventListener('abort', done, { once: true })
  })
}
