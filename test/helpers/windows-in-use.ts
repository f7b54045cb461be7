/**
 * Which worlds are in use on Windows, before, while and after the second one's session.lock is held. Bundled and run
 * under wine, never from here:
 *   node.exe in-use.mjs GAME_FOLDER WORLD…        prints three lists
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { worldsInUse } from '../../src/sync/folder/world-in-use.js';

/** libuv's flag for a file that nobody else may open; other systems do not have it. */
const EXCLUSIVE = 0x10000000;

const [game = '', ...worlds] = process.argv.slice(2);
const found = [await worldsInUse(game, worlds)];
const handle = await open(join(game, worlds[1] ?? '', 'session.lock'), constants.O_RDWR | EXCLUSIVE);
found.push(await worldsInUse(game, worlds));
await handle.close();
found.push(await worldsInUse(game, worlds));
process.stdout.write(`${found.map((list) => JSON.stringify(list)).join(' ')}\n`);
