/** The key beside the token: it saves the derivation, and opens nothing that the token would not. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { CryptoProvider } from '../../../src/crypto/provider.js';
import { crypto } from '../../helpers/repository.js';
import type { TestCloud, TestPc } from '../../helpers/two-pcs.js';
import { newCloud } from '../../helpers/two-pcs.js';

vi.mock('../../../src/base/sleep.js', async () => import('../../helpers/no-wait.js'));

const WORLD = 'saves/World/level.dat';

let derivations = 0;
const scrypt = crypto.scrypt.bind(crypto);
vi.spyOn(crypto, 'scrypt').mockImplementation((...given: Parameters<CryptoProvider['scrypt']>) => {
  derivations += 1;
  return scrypt(...given);
});

async function pcWithWorld(cloud: TestCloud): Promise<TestPc> {
  const pc = await cloud.pc();
  pc.put(WORLD, 'one');
  await pc.push();
  return pc;
}

/** Derivations of a push of something new. */
async function derivationsOf(pc: TestPc, content: string): Promise<number> {
  pc.put(WORLD, content);
  derivations = 0;
  expect((await pc.push()).outcome).toBe('sent');
  return derivations;
}

const keyFile = (pc: TestPc): string => join(pc.cloudFolder, 'key.json');

describe('the key that is kept', () => {
  let cloud: TestCloud;
  let pc: TestPc;
  beforeEach(async () => {
    cloud = await newCloud();
    pc = await pcWithWorld(cloud);
  });

  it('saves the derivation, for a pull as for a push', async () => {
    expect(await derivationsOf(pc, 'two')).toBe(0);
    const other = await cloud.pc();
    expect((await other.pull()).outcome).toBe('updated');
    await derivationsOf(pc, 'three');
    derivations = 0;
    expect((await other.pull()).outcome).toBe('updated');
    expect(derivations).toBe(0);
  });

  it('is readable by its owner alone, and holds neither password nor key in plain', async () => {
    const text = readFileSync(keyFile(pc), 'utf8');
    if (process.platform !== 'win32') expect(statSync(keyFile(pc)).mode & 0o777).toBe(0o600);
    const { codec } = await cloud.open();
    for (const part of Object.values(codec.key)) {
      expect(text).not.toContain(Buffer.from(part).toString('base64').slice(0, 12));
      expect(text).not.toContain(Buffer.from(part).toString('hex').slice(0, 12));
    }
    expect(text).not.toContain(readFileSync(join(pc.cloudFolder, 'token'), 'utf8').trim().split(':')[1]);
  });

  it.each([
    ['cut short', (text: string) => text.slice(0, 40)],
    ['of a later schema', (text: string) => text.replace('"schema":1', '"schema":2')],
    ['of another key', (text: string) => text.replace(/"key_id":"[0-9a-f]{64}"/, `"key_id":"${'ab'.repeat(32)}"`)],
    [
      'with a flipped bit',
      (text: string) => text.replace(/"sealed":"(.)/, (_, c) => `"sealed":"${c === 'A' ? 'B' : 'A'}`),
    ],
    ['with a short salt', (text: string) => text.replace(/"salt":"[^"]+"/, '"salt":"AAAA"')],
  ])('counts as none if it is %s, and is written anew', async (_, harm) => {
    const before = readFileSync(keyFile(pc), 'utf8');
    expect(harm(before)).not.toBe(before);
    writeFileSync(keyFile(pc), harm(before));
    expect(await derivationsOf(pc, 'two')).toBeGreaterThan(0);
    expect(await derivationsOf(pc, 'three')).toBe(0);
  });

  it('costs nothing but time where a folder stands in its place', async () => {
    rmSync(keyFile(pc));
    mkdirSync(keyFile(pc));
    expect(await derivationsOf(pc, 'two')).toBeGreaterThan(0);
  });

  it('opens nothing for another token, nor for another instance', async () => {
    const token = readFileSync(join(pc.cloudFolder, 'token'), 'utf8');
    writeFileSync(join(pc.cloudFolder, 'token'), 'ann:something else\n');
    pc.put(WORLD, 'two');
    await expect(pc.push()).rejects.toMatchObject({ code: 'wrong-password' });
    writeFileSync(join(pc.cloudFolder, 'token'), token);
    const elsewhere = await pcWithWorld(await newCloud());
    cpSync(keyFile(pc), keyFile(elsewhere));
    expect(await derivationsOf(elsewhere, 'two')).toBeGreaterThan(0);
  });

  it('opens nothing once its key file is gone from the cloud', async () => {
    for (const { name } of await cloud.backend.list('keys')) await cloud.backend.remove('keys', name);
    pc.put(WORLD, 'two');
    await expect(pc.push()).rejects.toMatchObject({ code: 'damaged', message: /key files/ });
  });

  it('is neither read nor written for a token that is not stored here', async () => {
    const token = readFileSync(join(pc.cloudFolder, 'token'), 'utf8').trim();
    pc.put(WORLD, 'two');
    derivations = 0;
    await pc.push({ token });
    expect(derivations).toBeGreaterThan(0);
    rmSync(keyFile(pc));
    pc.put(WORLD, 'three');
    await pc.push({ token });
    expect(existsSync(keyFile(pc))).toBe(false);
  });
});
