import { refuse, token } from '../credential'

/** The server said no, in a sentence. */
export class Failure extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

/** The server cannot be reached. */
export class Unreachable extends Error {}

interface Options {
  method?: string
  body?: unknown
  signal?: AbortSignal
  headers?: Record<string, string>
  /** Whether the request goes on when the page is closed. */
  keepalive?: boolean
}

/** Send a request and give the answer; raises Failure and Unreachable. */
export async function send(path: string, options: Options = {}): Promise<Response> {
  const { body, headers = {}, ...rest } = options
  if (token.value) headers.Authorization = `Bearer ${token.value}`
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  let response: Response
  try {
    response = await fetch(path, {
      ...rest,
      headers,
      credentials: 'omit',
      cache: 'no-store',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } catch (error) {
    if (options.signal?.aborted) throw error
    throw new Unreachable('The server cannot be reached.', { cause: error })
  }
  if (response.ok) return response
  const reason = await sentenceOf(response)
  if (response.status === 401) refuse(reason)
  throw new Failure(response.status, reason)
}

export async function request<T>(path: string, options: Options = {}): Promise<T> {
  return (await send(path, options)).json() as Promise<T>
}

async function sentenceOf(response: Response): Promise<string> {
  try {
    const { error } = (await response.json()) as { error?: unknown }
    if (typeof error === 'string') return error
  } catch {
    // A proxy's page: the status has to do.
  }
  return `The server answered ${response.status}.`
}

export function query(values: Record<string, string | undefined>): string {
  const given = Object.entries(values).filter((pair): pair is [string, string] => pair[1] !== undefined)
  return new URLSearchParams(given).toString()
}
