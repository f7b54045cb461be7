/** The helpers themselves: real servers and real restics come up, are asked, and go. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ALL_REST_SERVERS, ALL_RESTICS, describeInterop, restic, startRestServer } from './peers.js';
import { tempFolder } from './temp.js';

describeInterop('real programs', [...ALL_RESTICS, ...ALL_REST_SERVERS], () => {
  it.each(ALL_REST_SERVERS)('%s asks for the password and keeps what it has', async (name) => {
    const server = await startRestServer(name, { appendOnly: true, privateRepos: true, users: { ann: 'secret' } });
    const refused = await restic('restic-latest', ['cat', 'config'], {
      repo: `rest:${server.url.replace('//', '//ann:wrong@')}ann/`,
      password: 'x',
    });
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('401');

    const repo = `rest:${server.url.replace('//', '//ann:secret@')}ann/`;
    const file = join(tempFolder(), 'level.dat');
    writeFileSync(file, 'world');
    for (const args of [['init'], ['backup', '--quiet', file]]) {
      const done = await restic('restic-0.18', args, { repo, password: 'x' });
      expect(done, done.stderr).toMatchObject({ code: 0 });
    }
    await restic('restic-0.18', ['forget', 'latest'], { repo, password: 'x' });
    expect(server.log()).toMatch(/"DELETE \/ann\/snapshots\/[0-9a-f]{64} HTTP\/1\.1" 403/);
    await server.stop();
  });

  it.each(ALL_RESTICS)('%s runs', async (name) => {
    const { code, stdout } = await restic(name, ['version']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^restic 0\./);
  });
});
