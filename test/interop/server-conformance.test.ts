/** The request table of this server's own tests, asked of the real rest-servers: what the table says is what they do. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ALL_REST_SERVERS, describeInterop, startRestServer } from '../helpers/peers.js';
import { startProgram } from '../helpers/process.js';
import { tempFolder } from '../helpers/temp.js';
import { filesBelow, startFixture } from '../server/fixture.js';
import { ask, sha256 } from '../server/http.js';
import { SCENARIOS, type Scenario } from '../server/request-table.js';
import { runScenario } from '../server/table-runner.js';

/** With the scenario's own password file, comments and faulty lines included. */
async function startReal(program: string, scenario: Scenario): Promise<string> {
  const path = tempFolder();
  const args = ['--path', path, '--listen', '127.0.0.1:0'];
  if (scenario.htpasswd === undefined) args.push('--no-auth');
  else writeFileSync(join(path, '.htpasswd'), scenario.htpasswd);
  if (scenario.appendOnly === true) args.push('--append-only');
  if (scenario.privateRepos === true) args.push('--private-repos');
  if (scenario.maxSize !== undefined) args.push('--max-size', String(scenario.maxSize));
  const server = startProgram(program, args);
  onTestFinished(() => server.stop());
  const [, address] = await server.waitFor(/start server on (127\.0\.0\.1:\d+)/);
  return `http://${address}/`;
}

for (const name of ALL_REST_SERVERS) {
  describeInterop(`${name} and this server`, [name], (programs) => {
    it.each(SCENARIOS)('answer alike: $title', async (scenario) => {
      expect(await runScenario(await startReal(programs[name], scenario), scenario)).toEqual([]);
    });

    it('serve the folder that the other one wrote', async () => {
      const path = tempFolder();
      const real = await startRestServer(name, { path });
      onTestFinished(() => real.stop());
      const ours = await startFixture({ path });
      const makers = [real.url, ours.url] as const;
      for (const [i, maker] of makers.entries()) {
        const reader = makers[1 - i] ?? maker;
        const repo = `/maker-${i}/`;
        const body = `written by ${i}`;
        const file = `${repo}data/${sha256(body)}`;
        expect((await ask(maker, { method: 'POST', path: `${repo}?create=true` })).status).toBe(200);
        expect((await ask(maker, { method: 'POST', path: `${repo}config`, body: 'cfg' })).status).toBe(200);
        expect((await ask(maker, { method: 'POST', path: file, body })).status).toBe(200);
        expect((await ask(reader, { method: 'GET', path: `${repo}config` })).text).toBe('cfg');
        expect((await ask(reader, { method: 'GET', path: `${repo}data/` })).text).toBe(`["${sha256(body)}"]`);
        expect((await ask(reader, { method: 'GET', path: file })).text).toBe(body);
        expect((await ask(reader, { method: 'POST', path: file, body })).status).toBe(403);
        expect((await ask(reader, { method: 'DELETE', path: file })).status).toBe(200);
        expect((await ask(maker, { method: 'GET', path: file })).status).toBe(404);
      }
      expect(await filesBelow(path)).toEqual(['maker-0/config', 'maker-1/config']);
    });
  });
}
