/** Bundles GraphiQL with all it needs into graphiql/dist, which the server serves under /graphiql/. */
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: '/graphiql/',
  build: { outDir: 'dist', emptyOutDir: true, chunkSizeWarningLimit: 10_000, reportCompressedSize: false },
  logLevel: 'error',
});
