import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { viteVirtualModules } from './scripts/plugins.mjs';

/**
 * Vitest begins with the largest files. Those that wait for real programs are small and take longest: left for the end,
 * they kept one processor waiting for the other; all at once, they would wait for each other. So every other file is one.
 */
class SlowBetween extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isSlow = ({ moduleId }: TestSpecification): boolean => /\/test\/interop\//.test(moduleId);
    const slow = sorted.filter(isSlow);
    const others = sorted.filter((file) => !isSlow(file));
    return others.flatMap((file, i) => [...slow.slice(i, i + 1), file]).concat(slow.slice(others.length));
  }
}

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
    sequence: { sequencer: SlowBetween },
    reporters: ['default'],
    // No window opens on the screen of whoever runs the tests.
    env: { NO_COLOR: '1', INSTANCE_SYNC_BROWSER: 'none' },
  },
});
