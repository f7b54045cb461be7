import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { SyncError } from '../../../src/base/errors.js';
import type { CatalogueContent, CatalogueEntry } from '../../../src/sync/account/catalogue-file.js';
import { decodeCatalogue, encodeCatalogue, uniteCatalogues } from '../../../src/sync/account/catalogue-file.js';
import { enrolInstance, makeRecoveryCode } from '../../../src/sync/account/enrol.js';
import { listKnownInstances } from '../../../src/sync/account/known-instances.js';
import { instanceLabel } from '../../../src/sync/folder/instance-label.js';
import type { AccountPc, AccountServer } from '../../helpers/account-server.js';
import { newAccountServer, SERVER } from '../../helpers/account-server.js';
import { commitEmpty, rejection } from '../../helpers/repository.js';
import { tempFolder } from '../../helpers/temp.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/short-wait.js'));
vi.mock('../../../src/crypto/kdf.js', async (original) => ({
  ...(await original<typeof import('../../../src/crypto/kdf.js')>()),
  DEFAULT_SCRYPT: { N: 128, r: 1, p: 1 },
}));

const CATALOGUE = 'kim/catalogue';

/** As the first push does. */
async function enrol(pc: AccountPc, server: AccountServer, label?: string): Promise<readonly string[]> {
  const repo = await server.open(`kim/${pc.instanceId}`, 'secret');
  const work = async (session: Parameters<typeof enrolInstance>[0]): Promise<readonly string[]> => {
    await enrolInstance(session, repo);
    return session.warnings;
  };
  return pc.session(work, { instanceLabel: label });
}

async function filled(): Promise<{ server: AccountServer; pc: AccountPc }> {
  const server = newAccountServer({ kim: 'secret' });
  const pc = await server.pc();
  await pc.push();
  return { server, pc };
}

async function labels(server: AccountServer, pc: AccountPc): Promise<string[]> {
  const found = await listKnownInstances({ packFolder: pc.game }, server.services);
  return found.outcome === 'instances' ? found.instances.map(({ label, here }) => (here ? `${label}!` : label)) : [];
}

async function snapshots(server: AccountServer): Promise<number> {
  return (await (await server.open(CATALOGUE, 'secret')).listSnapshots()).length;
}

describe('the catalogue', () => {
  it('has an instance after its first push, once, and its latest label', async () => {
    const { server, pc } = await filled();
    expect(await enrol(pc, server, 'Skyblock')).toEqual([]);
    expect(await labels(server, pc)).toEqual(['Skyblock!']);
    const made = await snapshots(server);
    await enrol(pc, server, 'Skyblock');
    expect(await snapshots(server)).toBe(made);
    await enrol(pc, server, 'Skyblock 2');
    expect(await labels(server, pc)).toEqual(['Skyblock 2!']);
    expect(await snapshots(server)).toBe(made + 1);
  });

  it('tells who made an instance, also after its label changed on another PC', async () => {
    const { server, pc } = await filled();
    await enrol(pc, server, 'one');
    const [first] = await entries(server, pc);
    await enrol(pc, server, 'two');
    const [second] = await entries(server, pc);
    expect(second).toMatchObject({ made: first?.made, host: first?.host, label: 'two' });
    expect(second?.changed.localeCompare(first?.changed ?? '')).toBeGreaterThanOrEqual(0);
  });

  it('has the version of the game where the launcher tells', async () => {
    const { server, pc } = await filled();
    const components = [{ uid: 'net.minecraft', version: '1.21.1' }];
    writeFileSync(join(dirname(pc.game), 'mmc-pack.json'), JSON.stringify({ formatVersion: 1, components }));
    await enrol(pc, server);
    expect(await entries(server, pc)).toMatchObject([{ minecraft: '1.21.1' }]);
  });

  it('is asked for nothing by a later push', async () => {
    const { server, pc } = await filled();
    await enrol(pc, server);
    server.calls.length = 0;
    writeFileSync(join(pc.game, 'options.txt'), 'fov:90\n');
    expect((await pc.push()).outcome).toBe('sent');
    expect(server.calls.length).toBeGreaterThan(3);
    expect(server.calls.filter((call) => call.includes('catalogue'))).toEqual([]);
  });

  it('that fails is a warning', async () => {
    const { server, pc } = await filled();
    const before = await server.open(`kim/${pc.instanceId}`, 'secret');
    server.before = (call) => {
      if (call.endsWith('catalogue')) throw new SyncError('forbidden', 'the server answered 403');
    };
    const [warning, ...more] = await enrol(pc, server);
    expect(warning).toContain('the server answered 403');
    expect(more).toEqual([]);
    expect(before.keyId).toHaveLength(64);
  });

  it('that two PCs make at the same instant has both', async () => {
    const server = newAccountServer({ kim: 'secret' });
    const [a, b] = [await server.pc(), await server.pc()];
    for (const pc of [a, b]) await pc.push();
    server.remove(CATALOGUE);
    expect(await Promise.all([enrol(a, server, 'a'), enrol(b, server, 'b')])).toEqual([[], []]);
    expect(await labels(server, a)).toEqual(['a!', 'b']);
    expect(await server.keys(CATALOGUE)).toBe(1);
  });

  it('that two PCs change at the same instant has both, and the next change makes them one', async () => {
    const { server, pc: a } = await filled();
    const [b, c] = [await server.pc(), await server.pc()];
    for (const pc of [b, c]) await pc.push();
    await enrol(c, server, 'c');
    const both = new Promise<void>((resolve) => {
      let waiting = 0;
      server.before = async (call) => {
        if (call !== `write snapshots ${CATALOGUE}`) return;
        waiting += 1;
        if (waiting === 2) resolve();
        await both;
      };
    });
    expect(await Promise.all([enrol(a, server, 'a'), enrol(b, server, 'b')])).toEqual([[], []]);
    server.before = () => undefined;
    expect(await heads(server)).toBe(2);
    expect(await labels(server, a)).toEqual(['a!', 'b', 'c']);
    await enrol(c, server, 'd');
    expect(await labels(server, c)).toEqual(['a', 'b', 'd!']);
    expect(await heads(server)).toBe(1);
  });

  it('of which all but the last snapshot was forgotten has lost nothing, and passes over what is none', async () => {
    const { server, pc } = await filled();
    const other = await server.pc();
    await other.push();
    await enrol(pc, server, 'a');
    await enrol(other, server, 'b');
    const repo = await server.open(CATALOGUE, 'secret');
    const found = await Promise.all(
      (await repo.listSnapshots()).map(async (id) => ({ id, ...(await repo.loadSnapshot(id)) })),
    );
    const parents = new Set(found.map(({ parent }) => parent));
    for (const { id } of found) if (parents.has(id)) await repo.backend.remove('snapshots', id);
    await repo.write({}, commitEmpty);
    expect(await labels(server, pc)).toEqual(['a!', 'b']);
  });

  it('can be read from a folder that is not set up, with address and token', async () => {
    const { server, pc } = await filled();
    await enrol(pc, server, 'here');
    const packFolder = tempFolder();
    expect(await listKnownInstances({ packFolder }, server.services)).toEqual({ outcome: 'not-configured' });
    const given = { packFolder, url: SERVER, token: 'kim:secret' };
    expect(await listKnownInstances(given, server.services)).toMatchObject({
      instances: [{ id: pc.instanceId, label: 'here', here: false }],
    });
    const wrong = listKnownInstances({ ...given, token: 'kim:other' }, server.services);
    expect((await rejection(wrong)).code).toBe('unauthorized');
    expect((await rejection(listKnownInstances({ packFolder, url: SERVER }, server.services))).code).toBe('no-token');
  });

  it('that nobody made yet has no instances, and is not made by looking', async () => {
    const server = newAccountServer({ kim: 'secret' });
    const pc = await server.pc();
    expect(await labels(server, pc)).toEqual([]);
    const repo = server.open(CATALOGUE, 'secret');
    expect((await rejection(repo)).code).toBe('no-repository');
  });
});

describe('the recovery code', () => {
  it('is made once, and opens every repository of the player', async () => {
    const { server, pc } = await filled();
    const second = await server.pc();
    await second.push();
    await enrol(second, server, 'second');
    const first = await pc.session(makeRecoveryCode, { instanceLabel: 'first' });
    expect(first).toMatchObject({ isNew: true, instances: ['first', 'second'], warnings: [] });
    for (const place of [CATALOGUE, `kim/${pc.instanceId}`, `kim/${second.instanceId}`]) {
      expect((await server.open(place, first.code)).keyId).toHaveLength(64);
      expect(await server.keys(place)).toBe(2);
    }
    const again = await second.session(makeRecoveryCode, { instanceLabel: 'second' });
    expect(again).toMatchObject({ isNew: false, code: first.code });
    expect(await server.keys(CATALOGUE)).toBe(2);
  });

  it('opens what a later instance makes, without being shown again', async () => {
    const { server, pc } = await filled();
    const { code } = await pc.session(makeRecoveryCode);
    const later = await server.pc();
    await later.push();
    await enrol(later, server);
    expect((await server.open(`kim/${later.instanceId}`, code)).keyId).toHaveLength(64);
    await enrol(later, server);
    expect(await server.keys(`kim/${later.instanceId}`)).toBe(2);
  });

  it('can be made before the first push', async () => {
    const server = newAccountServer({ kim: 'secret' });
    const pc = await server.pc();
    const made = await pc.session(makeRecoveryCode);
    expect(made).toMatchObject({ isNew: true, instances: [] });
    expect((await server.open(CATALOGUE, made.code)).keyId).toHaveLength(64);
  });

  it('of two PCs that make it at the same instant: each one opens everything', async () => {
    const { server, pc } = await filled();
    const other = await server.pc();
    await other.push();
    const codes = await Promise.all([pc, other].map(async (one) => (await one.session(makeRecoveryCode)).code));
    for (const one of [pc, other]) await one.session(makeRecoveryCode);
    for (const code of codes) {
      for (const place of [CATALOGUE, `kim/${pc.instanceId}`, `kim/${other.instanceId}`]) {
        expect((await server.open(place, code)).keyId).toHaveLength(64);
      }
    }
  });

  it('is in no warning and in no key that can be read without a password', async () => {
    const { server, pc } = await filled();
    const { code, warnings } = await pc.session(makeRecoveryCode);
    const repo = await server.open(CATALOGUE, 'secret');
    const keys = await repo.backend.list('keys');
    const texts = await Promise.all(
      keys.map(async ({ name }) => Buffer.from(await repo.backend.read('keys', name)).toString()),
    );
    for (const group of code.split('-'))
      expect([...texts, ...warnings].join('\n').toUpperCase()).not.toContain(`-${group}`);
    expect(texts.join()).toContain('"username":"recovery-code"');
  });
});

describe('the file of the catalogue', () => {
  const ulid = fc.stringMatching(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
  const text = fc.string({ maxLength: 8 });
  const entry: fc.Arbitrary<CatalogueEntry> = fc
    .record({ id: ulid, label: text, made: text, host: text, changed: fc.constantFrom('1', '2'), minecraft: text })
    .map((one) => ({ ...one, extra: { later: 1 } }));
  const content: fc.Arbitrary<CatalogueContent> = fc
    .record({
      list: fc.array(entry, { maxLength: 4 }),
      codes: fc.array(fc.record({ name: text, code: text }), { maxLength: 2 }),
    })
    .map(({ list, codes }) => ({ instances: new Map(list.map((one) => [one.id, one])), codes, extra: { more: [1] } }));

  it('comes back as it was, with what a newer program added', () => {
    fc.assert(
      fc.property(content, (one) => {
        const back = decodeCatalogue(encodeCatalogue(one), 'x');
        expect([...back.instances].sort()).toEqual([...one.instances].sort());
        expect(back).toMatchObject({ codes: one.codes, extra: one.extra });
      }),
    );
  });

  it('has the later one of two entries of an instance, in whatever order they come', () => {
    fc.assert(
      fc.property(entry, (one) => {
        const [early, late] = ['1', '2'].map((changed) => ({ ...one, changed, label: changed }));
        if (early === undefined || late === undefined) throw new Error('there are two');
        const [a, b] = [early, late].map((it) => ({ instances: new Map([[it.id, it]]), codes: [], extra: {} }));
        if (a === undefined || b === undefined) throw new Error('there are two');
        for (const order of [
          [a, b],
          [b, a],
        ])
          expect([...uniteCatalogues(order).instances.values()]).toEqual([late]);
      }),
    );
  });

  it('of two PCs is the same in either order, and united again', () => {
    fc.assert(
      fc.property(content, content, (a, b) => {
        const united = encodeCatalogue(uniteCatalogues([a, b]));
        expect(encodeCatalogue(uniteCatalogues([b, a]))).toEqual(united);
        expect(encodeCatalogue(uniteCatalogues([decodeCatalogue(united, 'x'), a]))).toEqual(united);
      }),
    );
  });

  it.each([
    ['{', 'damaged'],
    ['[]', 'damaged'],
    ['{"schema":1}', 'damaged'],
    ['{"schema":"1","instances":[]}', 'damaged'],
    ['{"schema":2,"instances":[]}', 'unsupported'],
  ])('%s: %s', (text, code) => {
    expect(() => decodeCatalogue(Buffer.from(text), 'x')).toThrow(expect.objectContaining({ code }));
  });

  it('passes over entries that are none', () => {
    const good = { id: '01ARZ3NDEKTSV4RRFFQ69G5FAV', label: 'x' };
    const instances = [1, null, {}, { id: '../..', label: 'x' }, { id: good.id, label: 5 }, good];
    const found = decodeCatalogue(Buffer.from(JSON.stringify({ schema: 1, instances, recovery_codes: [{}, 7] })), 'x');
    expect([...found.instances.values()]).toMatchObject([{ label: 'x', made: '', host: '' }]);
    expect(found.codes).toEqual([]);
  });
});

describe('the label of an instance', () => {
  const game = (parent: string, cfg?: string): string => {
    const folder = join(tempFolder(), parent, '.minecraft');
    mkdirSync(folder, { recursive: true });
    if (cfg !== undefined) writeFileSync(join(folder, '..', 'instance.cfg'), cfg);
    return folder;
  };

  it('is what the caller gives, then what the launcher says of this folder', async () => {
    const folder = game('Folder', 'name=Config\n');
    const env = { INST_NAME: 'Launcher', INST_MC_DIR: folder };
    expect(await instanceLabel(folder, ' Given\u0007 ', env)).toBe('Given');
    expect(await instanceLabel(folder, undefined, env)).toBe('Launcher');
    expect(await instanceLabel(folder, undefined, { ...env, INST_MC_DIR: '/elsewhere' })).toBe('Config');
    expect(await instanceLabel(folder, undefined, { INST_NAME: 'Other' })).toBe('Config');
  });

  it.each([
    ['[General]\nConfigVersion=1.2\nname=All the Mods 10\r\niconKey=x\n', 'All the Mods 10'],
    ['name="Skyblock, \\"hard\\""\n', 'Skyblock, "hard"'],
    ['name=B\\xe4renh\\xf6hle\n', 'B\u00e4renh\u00f6hle'],
    ['name=Bärenhöhle\n', 'Bärenhöhle'],
    ['name=\\x1b[2J\n', '[2J'],
    ['name=\n', 'Folder'],
    ['', 'Folder'],
  ])('from instance.cfg %j: %s', async (cfg, label) => {
    expect(await instanceLabel(game('Folder', cfg), undefined, {})).toBe(label);
  });

  it('is the folder above one that every instance has, else its own; never too long', async () => {
    expect(await instanceLabel(game('Survival'), undefined, {})).toBe('Survival');
    expect(await instanceLabel(join(tempFolder(), 'Modded'), undefined, {})).toBe('Modded');
    expect([...(await instanceLabel(game('x'), '\u{1f600}'.repeat(300), {}))]).toHaveLength(100);
  });
});

async function entries(
  server: AccountServer,
  pc: AccountPc,
): Promise<{ made: string; host: string; changed: string }[]> {
  const found = await listKnownInstances({ packFolder: pc.game }, server.services);
  return found.outcome === 'instances' ? [...found.instances] : [];
}

/** Snapshots that no other one follows. */
async function heads(server: AccountServer): Promise<number> {
  const repo = await server.open(CATALOGUE, 'secret');
  const ids = await repo.listSnapshots();
  const all = await Promise.all(ids.map((id) => repo.loadSnapshot(id)));
  const followed = new Set(all.flatMap(({ parent, tags = [] }) => [parent, ...tags.map((tag) => tag.split(':')[1])]));
  return ids.filter((id) => !followed.has(id)).length;
}
