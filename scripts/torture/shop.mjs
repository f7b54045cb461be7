/** All that trials share: programs, a server of one kind, places on it, and a folder that is gone in the end. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import bcrypt from 'bcryptjs';
import { bundleScript } from '../bundle.mjs';
import { cache } from '../run.mjs';
import { startServer } from './programs.mjs';
import { commandsOf } from './trial.mjs';
import { windowsCommands } from './windows.mjs';
import { makePlace, PASSWORD } from './workshop.mjs';

/** The server checks it on each request of a new connection: the lowest cost that there is. */
const BCRYPT_COST = 4;

/**
 * internals.ts, bundled and loaded. The commands in this process meet a PC that died while it made the repository, and
 * wait for it twenty times in steps of one to two seconds: here time flies then.
 */
export async function loadInternals() {
  const { setTimeout: realTimeout } = globalThis;
  globalThis.setTimeout = (work, ms, ...args) => realTimeout(work, ms >= 1000 && ms <= 2000 ? ms / 50 : ms, ...args);
  const folder = join(cache, `torture-${process.pid}`);
  const outfile = join(folder, 'internals.mjs');
  await bundleScript({ entry: 'scripts/torture/internals.ts', outfile });
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * `parts`: folder, programs { restic, restServer, hook }, internals, runner, and `windows`: whether the PC that is killed
 * has it. `close()` ends the server.
 */
export async function openShop(kind, count, parts) {
  const folder = join(parts.folder, kind);
  mkdirSync(folder);
  const users = Array.from({ length: count }, (_, i) => `pc${i + 1}`);
  const passwordLine = bcrypt.hashSync(PASSWORD, BCRYPT_COST);
  const server = await startServer(kind, { ...parts.programs, folder, users, passwordLine });
  const { decodeFileTable, encodeFileTable } = parts.internals;
  return {
    ...parts,
    folder,
    kind,
    places: users.map((user) => makePlace(user, { folder, serverPath: server.path, url: server.url })),
    // How node.exe sees a file's inode and times is known to it alone.
    tables: parts.windows ? undefined : { decodeFileTable, encodeFileTable },
    posix: !parts.windows,
    commandsOf: (pc) => (parts.windows ? windowsCommands(pc, parts.runner) : commandsOf(pc, parts.internals)),
    close: () => server.stop(),
  };
}
