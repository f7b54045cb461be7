/** restic-ts interrupted and killed, at moments that leave different things behind: both programs go on from there. */
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { makeRepositoryQuickly, OURS, type Place, serverPlace, theirs } from '../helpers/both-programs.js';
import { describeInterop, type RestServer, startRestServer } from '../helpers/peers.js';
import { noise } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';
import type { Facts } from './folder-facts.js';
import { buildProgram, type Ended, type Moment, startGate, startProcess } from './restic-ts-process.js';
import { lastingFacts, makeSource } from './restic-ts-source.js';
import { idAt, Turns } from './restic-ts-turns.js';

const LIMIT = 120_000;
/** The smallest that there are, so that there are several. */
const PACKS = ['--pack-size', '4'];
const BACKUP = ['backup', '--host', 'pc', 'source', ...PACKS];
const PRUNE = ['prune', '--max-unused', '0', ...PACKS];

describeInterop('restic-ts, ended at once', ['restic-latest', 'rest-server-latest'], () => {
  const restic = theirs('restic-latest');
  let program: readonly [string, string];
  let server: RestServer;
  let beforeBackup: Before;
  let beforePrune: Before;
  let count = 0;

  beforeAll(async () => {
    [program, server] = await Promise.all([buildProgram(), startRestServer('rest-server-latest')]);
    beforeBackup = await readyToBackup();
    beforePrune = await readyToPrune();
  }, LIMIT);

  /** What was there before, of which nothing may be lost. */
  interface Before {
    readonly turns: Turns;
    /** How many there are, and what the latest of them holds. */
    readonly snapshots: number;
    readonly facts: Facts;
  }

  /** One snapshot, and after it new files: several packs' worth. */
  async function readyToBackup(): Promise<Before> {
    const turns = new Turns([restic, OURS], nextPlace(), tempFolder());
    await makeRepositoryQuickly(turns.place, 2);
    const source = join(turns.cwd, 'source');
    makeSource(source);
    await turns.backup(restic);
    const facts = lastingFacts(source);
    for (let i = 0; i < 5; i++) writeFileSync(join(source, `more ${i}`), noise(3_000_000, 20 + i));
    return { turns, snapshots: 1, facts };
  }

  /** Two snapshots, and packs of a third that is forgotten: some not needed, some needed in part. */
  async function readyToPrune(): Promise<Before> {
    const { turns } = await readyToBackup();
    const source = join(turns.cwd, 'source');
    await turns.ok(restic, ...BACKUP);
    for (const i of [0, 2, 4]) rmSync(join(source, `more ${i}`));
    await turns.ok(OURS, ...BACKUP);
    await turns.ok(OURS, 'forget', idAt(await turns.snapshots(), 1));
    return { turns, snapshots: 2, facts: lastingFacts(source) };
  }

  function nextPlace(): Place {
    count += 1;
    return serverPlace(server, `repository-${count}`);
  }

  /** With a repository of its own; the source is only read. */
  function copyOf({ turns, ...rest }: Before): Before {
    const place = nextPlace();
    cpSync(turns.place.folder, place.folder, { recursive: true });
    return { turns: new Turns(turns.both, place, turns.cwd), ...rest };
  }

  /** Runs the program through a gate, and ends it at the moment. */
  async function endedAt(
    moment: Moment,
    { place, cwd }: Turns,
    args: readonly string[],
    signal: 'SIGINT' | 'SIGKILL',
  ): Promise<Ended> {
    const gate = await startGate(server.url);
    const through: Place = { ...place, repo: place.repo.replace(server.url, gate.url) };
    const { child, done } = startProcess(program, through, args, cwd);
    gate.arm(moment, () => {
      child.kill(signal);
      return signal === 'SIGKILL' ? 'silence' : 'answer';
    });
    const ended = await done;
    gate.close();
    return ended;
  }

  const locksOf = ({ place }: Turns): string[] => readdirSync(join(place.folder, 'locks'));

  /** Nothing is lost, both work on as if nothing had been, and nothing useless stays. */
  async function expectGoesOn({ turns, snapshots, facts }: Before): Promise<void> {
    await turns.sound();
    expect(await turns.snapshots()).toHaveLength(snapshots);
    const target = tempFolder();
    await turns.ok(restic, 'restore', 'latest', '--target', target);
    expect(lastingFacts(join(target, 'source'))).toEqual(facts);
    await turns.ok(restic, ...BACKUP);
    expect(await turns.backup(OURS)).toMatchObject({ data_added: 0, files_new: 0, files_changed: 0 });
    await turns.ok(count % 2 === 0 ? OURS : restic, ...PRUNE);
    await turns.sound();
    const left = await Promise.all(turns.both.map((by) => turns.ok(by, ...PRUNE, '--dry-run', '--no-lock')));
    for (const text of left) expect(text).toMatch(/total prune: +0 blobs/);
  }

  async function killed(what: Before, moment: Moment, args: readonly string[]): Promise<void> {
    expect(await endedAt(moment, what.turns, args, 'SIGKILL')).toMatchObject({ end: 'SIGKILL' });
    expect(locksOf(what.turns)).toHaveLength(1);
    // The lock of a process that is gone.
    await what.turns.ok(restic, 'unlock');
    expect(locksOf(what.turns)).toEqual([]);
    await expectGoesOn(what);
  }

  it.concurrent.each<Moment>([
    { at: 'POST /data/', nth: 2, done: true },
    { at: 'POST /index/', done: true },
    { at: 'POST /snapshots/', done: false },
  ])('SIGKILL during a backup: at $at, done: $done', { timeout: LIMIT }, async (moment) => {
    await killed(copyOf(beforeBackup), moment, BACKUP);
  });

  it.concurrent.each<Moment>([
    { at: 'POST /data/', done: true },
    { at: 'POST /index/', done: true },
    { at: 'DELETE /index/', done: true },
    { at: 'DELETE /data/', done: true },
  ])('SIGKILL during a prune: at $at, done: $done', { timeout: LIMIT }, async (moment) => {
    await killed(copyOf(beforePrune), moment, PRUNE);
  });

  it.concurrent.each([
    { command: 'backup', at: 'POST /data/', nth: 2, done: false },
    { command: 'prune', at: 'POST /data/', done: true },
  ])('Ctrl-C during a $command: at $at, done: $done', { timeout: LIMIT }, async ({ command, ...moment }) => {
    const what = copyOf(command === 'prune' ? beforePrune : beforeBackup);
    const ended = await endedAt(moment, what.turns, command === 'prune' ? PRUNE : BACKUP, 'SIGINT');
    expect({ end: ended.end, locks: locksOf(what.turns) }).toEqual({ end: 130, locks: [] });
    expect(ended.stderr).not.toMatch(/\n {4}at /);
    await expectGoesOn(what);
  });
});
