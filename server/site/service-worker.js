// Gives the page from last time when the server cannot be reached, so that notes open without a network. It asks for
// nothing itself: the browser does (navigation preload), under the policy of the page. The files that the page is made
// of have a hash in their names, so the browser keeps those by itself; the notes are kept by the page.
const CACHE = 'routa-notes'

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(begin()))

async function begin() {
  await self.registration.navigationPreload?.enable()
  await self.clients.claim()
}

self.addEventListener('fetch', (event) => {
  const { pathname } = new URL(event.request.url)
  const isPage = event.request.mode === 'navigate' && (pathname === '/' || pathname.startsWith('/w/'))
  if (isPage && self.registration.navigationPreload) event.respondWith(page(event))
})

async function page(event) {
  try {
    const answer = await event.preloadResponse
    return answer ?? (await fetch(event.request))
  } catch (error) {
    const kept = await (await caches.open(CACHE)).match('/')
    if (kept) return kept
    throw error
  }
}
