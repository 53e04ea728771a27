import { defineConfig } from 'vite'

const server = process.env.ROUTA_SERVER ?? 'http://127.0.0.1:8787'

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../server/site',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: {
    proxy: {
      '/api': { target: server },
      '/hocuspocus': { target: server, ws: true },
    },
  },
})
