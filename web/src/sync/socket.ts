import { HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { batch, signal } from '@preact/signals'
import { pauseBefore } from './backoff'

/**
 * The one connection of this page. The provider's own timer does not say when it tries again, so the attempts are
 * made here, each after a look whether the server answers and the notes are still there.
 */
export class Socket {
  readonly online = signal(navigator.onLine)
  readonly connected = signal(false)
  readonly retryAt = signal<number | null>(null)
  readonly provider: HocuspocusProviderWebsocket
  /** Asked before each attempt after the first; raises when an attempt is of no use. */
  readonly checks = new Set<() => Promise<void>>()
  private attempts = 0
  private timer: ReturnType<typeof setTimeout> | undefined
  private wanted = false

  constructor(url: string) {
    this.provider = new HocuspocusProviderWebsocket({
      url,
      autoConnect: false,
      maxAttempts: 1,
      onConnect: () => this.opened(),
      onClose: ({ event }) => this.closed(event),
    })
    addEventListener('online', () => this.network(true))
    addEventListener('offline', () => this.network(false))
  }

  /** Connect, if there is no connection; without waiting for the next attempt. */
  connect(): void {
    this.wanted = true
    if (this.connected.value || !this.online.value) return
    clearTimeout(this.timer)
    this.retryAt.value = null
    void this.attempt()
  }

  private async attempt(): Promise<void> {
    try {
      if (this.attempts > 0) await Promise.all([...this.checks].map((check) => check()))
    } catch (error) {
      this.later(error instanceof Error ? error.message : '')
      return
    }
    if (this.wanted && !this.connected.value) await this.provider.connect()
  }

  private opened(): void {
    this.attempts = 0
    batch(() => {
      this.connected.value = true
      this.retryAt.value = null
    })
  }

  private closed(event: { reason?: string } | undefined): void {
    // Keeps the provider from its own attempts: this comes before it looks.
    this.provider.shouldConnect = false
    this.later(event?.reason ?? '')
  }

  private later(reason: string): void {
    batch(() => {
      this.connected.value = false
      if (!this.wanted || !this.online.value) return
      const pause = pauseBefore(this.attempts++, reason)
      this.retryAt.value = Date.now() + pause
      clearTimeout(this.timer)
      this.timer = setTimeout(() => this.connect(), pause)
    })
  }

  private network(there: boolean): void {
    batch(() => {
      this.online.value = there
      if (there) this.connect()
      else {
        clearTimeout(this.timer)
        this.attempts = 1
        this.retryAt.value = null
        this.connected.value = false
        this.provider.disconnect()
      }
    })
  }
}
