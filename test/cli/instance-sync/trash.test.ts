/** trash --empty as a player calls it: only when it is meant. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { init } from '../../../src/index.js';
import { instanceSync } from '../../helpers/sync-env.js';
import { tempFolder } from '../../helpers/temp.js';

async function withTrash(): Promise<{ readonly game: string; readonly old: string }> {
  const game = tempFolder();
  await init({ packFolder: game, url: 'http://127.0.0.1:1/', token: 'ann:x' });
  const files = join(game, '.cloud-sync', 'trash', '20261122T101500Z-abc', 'files');
  mkdirSync(files, { recursive: true });
  const old = join(files, 'options.txt');
  writeFileSync(old, 'fov:1');
  return { game, old };
}

it('without a terminal it wants --yes, and says what is at stake', async () => {
  const { game, old } = await withTrash();
  const asked = await instanceSync(['trash', '--empty', '--pack-folder', game]);
  expect([asked.code, asked.stderr]).toEqual([1, expect.stringContaining('1 generation, 5 B; --yes deletes them')]);
  expect(existsSync(old)).toBe(true);
  const { code, stdout } = await instanceSync(['trash', '--empty', '--yes', '--pack-folder', game]);
  expect([code, stdout]).toEqual([0, 'deleted 1 generation, 5 B\n']);
  expect(existsSync(old)).toBe(false);
  const again = await instanceSync(['trash', '--empty', '--json', '--pack-folder', game]);
  expect(JSON.parse(again.stdout)).toEqual({
    message_type: 'summary',
    command: 'trash',
    outcome: 'emptied',
    generations: 0,
    bytes: 0,
  });
});
