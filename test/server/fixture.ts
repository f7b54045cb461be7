/** A server on a folder of its own, both gone at the end of the test. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type RunningServer, type ServerOptions, startServer } from '../../src/server/server.js';

export interface Fixture extends RunningServer {
  readonly path: string;
}

export async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'server-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

export interface FixtureOptions extends Omit<ServerOptions, 'path'> {
  readonly path?: string;
  /** Content of .htpasswd; without it authentication is off. */
  readonly htpasswd?: string | undefined;
}

export async function startFixture(options: FixtureOptions = {}): Promise<Fixture> {
  const { htpasswd, path = await temporaryFolder(), ...rest } = options;
  if (htpasswd !== undefined) await writeFile(join(path, '.htpasswd'), htpasswd);
  const server = await startServer({
    listen: '127.0.0.1:0',
    noAuth: htpasswd === undefined,
    closeGraceMs: 200,
    ...rest,
    path,
  });
  onTestFinished(() => server.close());
  return { ...server, path };
}

/** All files below a folder, with `/`, sorted. */
export async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(path.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}

/** Waits for something that has no event, at most two seconds. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('waited two seconds in vain');
}
