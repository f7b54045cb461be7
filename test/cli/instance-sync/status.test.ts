/** What `status` tells in a terminal of an instance whose server is away. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { init } from '../../../src/index.js';
import { closedPort } from '../../helpers/bad-server.js';
import { instanceSync } from '../../helpers/sync-env.js';
import { tempFolder } from '../../helpers/temp.js';

it('what is here, why the cloud is not, and what waits for the player', async () => {
  const game = tempFolder();
  await init({ packFolder: game, url: `http://127.0.0.1:${await closedPort()}/`, token: 'ann:x' });
  mkdirSync(join(game, 'saves', 'World'), { recursive: true });
  writeFileSync(join(game, 'saves', 'World', 'level.dat'), 'x');
  writeFileSync(join(game, '.cloud-sync', 'question.json'), '{"schema":1,"kind":"conflict"}');
  const { code, stdout } = await instanceSync(['status', '--pack-folder', game]);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^cloud +not reachable \(.+\)$/m)]);
  expect(stdout).toContain('this PC       1 file to send\n');
  expect(stdout).toContain('to decide     both sides changed the same: pull asks, or takes --on-conflict\n');
  writeFileSync(join(game, '.cloud-sync', 'question.json'), 'nonsense');
  const json = await instanceSync(['status', '--json', '--pack-folder', game]);
  expect(JSON.parse(json.stdout)).toMatchObject({
    outcome: 'status',
    cloud: { state: 'unreachable', code: 'unreachable' },
    worlds: [{ folder: 'saves/World', files: 1, bytes: 1, hasIcon: false }],
  });
  expect(JSON.parse(json.stdout)).not.toHaveProperty('question');
});
