/** The built package as launchers use it, through import and through require: silent, cancellable, gone when done. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { compareFolders, fingerprint, makeGameFolder, playSession } from '../helpers/game-folder.js';
import { describeInterop, type RestServer } from '../helpers/peers.js';
import { type Finished, runProgram } from '../helpers/process.js';
import { type Cloud, makeCloud, type Pc, startServer, USER } from '../helpers/sync-env.js';
import { tempFolder } from '../helpers/temp.js';

const LIMIT = 60_000;

/** What a script below reports: the last line of its output is all that it prints. */
const report = z.object({
  results: z.array(z.record(z.string(), z.unknown())),
  events: z.array(z.record(z.string(), z.unknown())),
  errors: z.array(z.object({ name: z.string(), code: z.string(), isSyncError: z.boolean(), message: z.string() })),
  /** Milliseconds from the cancelling to the end of the call. */
  abortMs: z.number().optional(),
});

const KINDS = [
  { kind: 'import', file: 'script.mjs', head: "import * as api from 'instance-sync';" },
  { kind: 'require', file: 'script.cjs', head: "const api = require('instance-sync');" },
] as const;

type Kind = (typeof KINDS)[number];

/** Runs `body` as a program that has the package installed. It gets `api`, `options`, and fills results and errors. */
async function runScript(kind: Kind, body: string, options: Readonly<Record<string, unknown>>): Promise<Finished> {
  const folder = tempFolder();
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(resolve('.'), join(folder, 'node_modules/instance-sync'), 'junction');
  const text = `${kind.head}
    const options = ${JSON.stringify(options)};
    const results = [], events = [], errors = [];
    let abortMs;
    const onProgress = (event) => void events.push(event);
    const attempt = async (work) => {
      try { results.push(await work()); } catch (error) {
        const { name, code, message } = error;
        errors.push({ name, code, message, isSyncError: api.isSyncError(error) && error instanceof api.SyncError });
      }
    };
    (async () => {
      ${body}
      console.log(JSON.stringify({ results, events, errors, abortMs }));
    })();`;
  writeFileSync(join(folder, kind.file), text);
  return runProgram(process.execPath, [kind.file], { cwd: folder, timeout: 30_000 });
}

async function runReport(...args: Parameters<typeof runScript>): Promise<z.infer<typeof report>> {
  const { code, stdout, stderr } = await runScript(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^[^\n]+\n$/);
  return report.parse(JSON.parse(stdout));
}

describeInterop('the library', ['rest-server-latest'], () => {
  let server: RestServer;

  beforeAll(async () => {
    server = await startServer('rest-server-latest');
  });

  it.each(KINDS)('a whole life through $kind', { timeout: LIMIT }, async (kind) => {
    const cloud = makeCloud(server);
    const [a, b] = [cloud.pc(), cloud.pc()];
    makeGameFolder(a.game, 1, { size: 12_000_000 });
    const { tokenFile } = a;
    const body = `
      const { a, b, url, instanceId, tokenFile } = options;
      await attempt(() => api.push({ packFolder: a, onProgress }));
      await attempt(() => api.init({ packFolder: a, url, instanceId, tokenFile }));
      await attempt(() => api.push({ packFolder: a, headless: true, instanceLabel: 'x', onProgress }));
      await attempt(() => api.push({ packFolder: a }));
      await attempt(() => api.init({ packFolder: b, url, instanceId, tokenFile }));
      await attempt(() => api.pull({ packFolder: b, tokenFile, onProgress }));
      await attempt(() => api.status({ packFolder: b }));
      await attempt(() => api.disable({ packFolder: b }));
      await attempt(() => api.pull({ packFolder: b }));`;
    const options = { a: a.game, b: b.game, url: server.url, instanceId: cloud.instanceId, tokenFile };
    const { results, events, errors } = await runReport(kind, body, options);
    expect(errors).toEqual([]);
    expect(results).toMatchObject([
      { outcome: 'not-configured' },
      { packFolder: a.game, instanceId: cloud.instanceId, known: false },
      { outcome: 'sent', files: { changed: 0, removed: 0 }, warnings: [], unreadable: [] },
      { outcome: 'nothing-to-send' },
      { packFolder: b.game },
      { outcome: 'updated', files: { changed: 0, removed: 0 } },
      { outcome: 'status', cloud: { state: 'same', snapshots: 1 }, unsent: { added: 0, changed: 0, removed: 0 } },
      { packFolder: b.game, disabled: true },
      { outcome: 'not-configured' },
    ]);
    expect(compareFolders(a.game, b.game)).toEqual([]);
    const phases = new Set(events.map((event) => event['phase']));
    expect([...phases]).toEqual(
      expect.arrayContaining(['scanning', 'connecting', 'uploading', 'downloading', 'applying']),
    );
    for (const phase of ['uploading', 'downloading']) {
      const last = events.filter((event) => event['phase'] === phase).at(-1);
      expect(last).toMatchObject({
        type: 'progress',
        filesDone: last?.['filesTotal'],
        bytesDone: last?.['bytesTotal'],
      });
      expect(last?.['bytesTotal']).toBeGreaterThan(11_000_000);
    }
  });

  it.each(KINDS)('errors have codes, through $kind', { timeout: LIMIT }, async (kind) => {
    const cloud = makeCloud(server);
    const pc = cloud.pc();
    const body = `
      const { game, url, tokenFile } = options;
      await attempt(() => api.pull({ packFolder: game + '/missing' }));
      await attempt(() => api.init({ packFolder: game, url: 'ftp://x/', tokenFile }));
      await attempt(() => api.init({ packFolder: game, url }));
      await attempt(() => api.init({ packFolder: game, url, token: '${USER}:wrong' }));
      await attempt(() => api.pull({ packFolder: game }));`;
    const { errors } = await runReport(kind, body, { game: pc.game, url: server.url, tokenFile: pc.tokenFile });
    expect(errors.map(({ code }) => code)).toEqual(['usage', 'bad-settings', 'no-token', 'unauthorized']);
    for (const error of errors) {
      expect(error).toMatchObject({ name: 'SyncError', isSyncError: true });
      expect(error.message).toMatch(/^[^\n]+$/);
    }
  });

  describe('cancelled', { timeout: LIMIT }, () => {
    const cloud = (): Cloud => makeCloud(server);
    /** Cancels when the named phase has begun (and some bytes of it are done, if there are any). */
    const body = (command: 'push' | 'pull', phase: string): string => `
      const controller = new AbortController();
      let start;
      const stop = () => { start ??= performance.now(); controller.abort(); };
      const onStop = (event) => { events.push(event); if (event.phase === '${phase}') setImmediate(stop); };
      await attempt(() => api.${command}({ ...options, signal: controller.signal, onProgress: onStop }));
      abortMs = performance.now() - start;`;

    const expectAborted = async (kind: Kind, command: 'push' | 'pull', phase: string, pc: Pc): Promise<void> => {
      const done = await runReport(kind, body(command, phase), { packFolder: pc.game });
      expect(done).toMatchObject({ results: [], errors: [{ name: 'SyncError', code: 'aborted', isSyncError: true }] });
      expect(done.abortMs).toBeLessThan(2_000);
    };

    it('before it begins', async () => {
      const pc = cloud().pc();
      makeGameFolder(pc.game, 1, { size: 20_000 });
      await pc.init();
      const text = `
        for (const command of ['push', 'pull', 'status'])
          await attempt(() => api[command]({ ...options, signal: AbortSignal.abort() }));`;
      const { errors, results } = await runReport(KINDS[0], text, { packFolder: pc.game });
      expect(results).toEqual([]);
      expect(errors.map(({ code }) => code)).toEqual(['aborted', 'aborted', 'aborted']);
    });

    it('a push: nothing is announced, and the next one goes through', async () => {
      const it = cloud();
      const pc = it.pc();
      makeGameFolder(pc.game, 1, { size: 12_000_000 });
      await pc.init();
      const before = fingerprint(pc.game, [/^\.cloud-sync/]);
      await expectAborted(KINDS[0], 'push', 'uploading', pc);
      await expectAborted(KINDS[1], 'push', 'scanning', pc);
      await expectAborted(KINDS[1], 'push', 'connecting', pc);
      expect(fingerprint(pc.game, [/^\.cloud-sync/])).toEqual(before);
      expect(fingerprint(join(it.folder, 'snapshots'))).toEqual([]);
      expect(fingerprint(join(it.folder, 'locks'))).toEqual([]);
      expect(await pc.push()).toMatchObject({ outcome: 'sent' });
      const second = it.pc();
      await second.init();
      await second.pull();
      expect(compareFolders(second.game, pc.game)).toEqual([]);
    });

    it('a pull: the game folder is as before, and the next one goes through', async () => {
      const it = cloud();
      const [a, b] = [it.pc(), it.pc()];
      makeGameFolder(a.game, 1, { size: 12_000_000 });
      await a.init();
      await a.push();
      await it.cheapen();
      await b.init();
      await b.pull();
      rmSync(join(a.game, 'saves'), { recursive: true });
      makeGameFolder(a.game, 2, { size: 12_000_000 });
      playSession(a.game, 3);
      await a.push();
      const outside = [/^\.cloud-sync\/(cache|staging|lock)(\/|$)/, /^\.cloud-sync$/];
      const before = fingerprint(b.game, outside);
      await expectAborted(KINDS[0], 'pull', 'downloading', b);
      await expectAborted(KINDS[1], 'pull', 'comparing', b);
      expect(fingerprint(b.game, outside)).toEqual(before);
      expect(fingerprint(join(b.game, '.cloud-sync/staging'))).toEqual([]);
      expect(await b.pull()).toMatchObject({ outcome: 'updated' });
      // A time alone is no change, so equal files keep theirs.
      expect(compareFolders(a.game, b.game, { times: false })).toEqual([]);
    });
  });
});
