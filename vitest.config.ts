import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { viteVirtualModules } from './scripts/plugins.mjs';

export default defineConfig({
  plugins: [viteVirtualModules()],
  test: {
    include: ['test/**/*.test.ts'],
    // Real processes and threads are part of many tests; a hang must end as a named failure.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    pool: 'forks',
    // Many tests wait for a server, a page or a time limit: two more files than there are processors keep those busy.
    maxWorkers: availableParallelism() + 2,
    reporters: ['default'],
    // No window opens on the screen of whoever runs the tests.
    env: { NO_COLOR: '1', INSTANCE_SYNC_BROWSER: 'none' },
  },
});
