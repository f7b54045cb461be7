/** A hook that has nothing to do must not pay for loading the HTTP client (0.1 s). */
import { expect, it, vi } from 'vitest';
import { cacheBackend } from '../../src/backend/cache.js';
import { restBackend } from '../../src/backend/rest.js';
import { retryBackend } from '../../src/backend/retry.js';
import { scriptedServer } from './scripted-server.js';

const loaded = vi.hoisted(() => vi.fn());
vi.mock('undici', (original) => {
  loaded();
  return original();
});

it('loads the HTTP client at the first call, once', async () => {
  const server = await scriptedServer();
  const rest = restBackend({ url: server.url });
  const backend = cacheBackend(retryBackend(rest), { folder: 'unused', repositoryId: '0'.repeat(64) });
  expect(loaded).not.toHaveBeenCalled();
  expect(await Promise.all([backend.list('keys'), backend.list('locks')])).toEqual([[], []]);
  expect(loaded).toHaveBeenCalledOnce();
  await backend.close();
  await server.close();
});

it('closes without ever having been used', async () => {
  await restBackend({ url: 'http://host.invalid/' }).close();
});
