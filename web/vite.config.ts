import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'

const server = process.env.ROUTA_SERVER ?? 'http://127.0.0.1:8787'

/** Spares the editor the parsers that only fenced code needs (see `src/editor/nohtml.ts`). */
const plainHtml: Plugin = {
  name: 'plain-html-in-markdown',
  enforce: 'pre',
  resolveId: (source, importer) =>
    source === '@codemirror/lang-html' && importer?.includes('lang-markdown')
      ? fileURLToPath(new URL('src/editor/nohtml.ts', import.meta.url))
      : null,
}

/** What looks like an address of elsewhere is none that is asked: the texts of some errors. */
const noAddresses: Plugin = {
  name: 'no-addresses-in-errors',
  transform: (code, id) =>
    id.includes('node_modules') && code.includes('https://github.com/')
      ? { code: code.replaceAll('https://github.com/', 'github.com/'), map: null }
      : null,
}

export default defineConfig({
  plugins: [plainHtml, noAddresses],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../server/site',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: {
      '/api': { target: server },
      '/hocuspocus': { target: server, ws: true },
    },
  },
})
