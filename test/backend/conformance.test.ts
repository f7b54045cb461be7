import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend } from '../../src/backend/backend.js';
import { cacheBackend } from '../../src/backend/cache.js';
import { limitBackend } from '../../src/backend/limit.js';
import { localBackend } from '../../src/backend/local.js';
import { memoryBackend } from '../../src/backend/memory.js';
import { restBackend } from '../../src/backend/rest.js';
import { retryBackend } from '../../src/backend/retry.js';
import type { Subject } from './conformance.js';
import { describeConformance } from './conformance.js';
import { scriptedServer } from './scripted-server.js';

const repositoryId = 'c0'.repeat(32);

async function inFolder(make: (folder: string) => Backend): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'backend-'));
  return { backend: make(folder), clean: () => rm(folder, { recursive: true, force: true }) };
}

async function overHttp(version: 1 | 2, wrap: (rest: Backend) => Backend = (rest) => rest): Promise<Subject> {
  const server = await scriptedServer();
  server.version = version;
  return { backend: wrap(restBackend({ url: server.url, connections: 4 })), clean: () => server.close() };
}

describeConformance('memory', async () => ({ backend: memoryBackend() }));
describeConformance('local', () => inFolder(localBackend));
describeConformance('rest, lists of version 2', () => overHttp(2));
describeConformance('rest, lists of version 1', () => overHttp(1));
describeConformance('limit', async () => ({ backend: limitBackend(memoryBackend(), 2) }));
describeConformance('retry', async () => ({ backend: retryBackend(memoryBackend()) }));
describeConformance('cache', () =>
  inFolder((folder) => cacheBackend(memoryBackend(), { folder, repositoryId, cacheData: () => true })),
);
describeConformance('cache, retry, limit and rest together', async () => {
  const server = await scriptedServer();
  const { backend, clean } = await inFolder((folder) => {
    const rest = restBackend({ url: server.url });
    return cacheBackend(retryBackend(limitBackend(rest, 3)), { folder, repositoryId, cacheData: () => true });
  });
  return { backend, clean: () => Promise.all([server.close(), clean?.()]).then(() => {}) };
});
