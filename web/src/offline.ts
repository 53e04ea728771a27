/** Let the page open without a network. Browsers allow that on `localhost` and behind TLS. */
export async function keepPage(): Promise<void> {
  if (!('serviceWorker' in navigator) || import.meta.env.DEV) return
  await navigator.serviceWorker.register('/service-worker.js')
  // The first time, the page was loaded before there was anybody to keep it.
  const cache = await caches.open('routa-notes')
  if (await cache.match('/')) return
  const loaded = performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)
  await cache.addAll(['/', ...new Set(loaded.filter((name) => name.startsWith('/assets/')))])
}
