/**
 * npm run interop: the tests against the real programs, with every life of a shared repository (three restics, versions
 * 1 and 2, made by either program, in a folder and on a server), of which `npm test` has a choice. Arguments are vitest's.
 */
import { preparePeers } from './peers.mjs';
import { prepare } from './prepare.mjs';
import { tool } from './run.mjs';

await prepare({ install: true, build: true });
const { ready, reason } = await preparePeers();
if (!ready) throw new Error(reason);
const env = { ...process.env, INTEROP: 'all', CI: 'true' };
const args = process.argv.length > 2 ? process.argv.slice(2) : ['test/interop'];
const { code } = await tool('vitest/vitest.mjs', ['run', ...args], { show: true, env, timeout: 3_600_000 });
process.exitCode = code;
