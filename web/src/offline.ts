/** Let the page open without a network. Browsers allow that on `localhost` and behind TLS. */
export async function keepPage(): Promise<void> {
  if (!('serviceWorker' in navigator) || import.meta.env.DEV) return
  await navigator.serviceWorker.register('/service-worker.js')
  const cache = await caches.open('routa-notes')
  await cache.add('/')
  // What is only fetched when it is needed must be here by then.
  await Promise.all([import('./preview/render'), import('./preview/highlight')])
}
