import { describe, expect, it } from 'vitest';
import { memoryBackend } from '../../src/backend/memory.js';
import { toHex, utf8 } from '../../src/base/bytes.js';
import { defaultCrypto } from '../../src/crypto/select.js';
import { inTurn } from '../../src/repo/init-turn.js';

const crypto = defaultCrypto();

async function leaveNote(backend: ReturnType<typeof memoryBackend>, text: string): Promise<string> {
  const name = toHex(crypto.sha256(utf8(text)));
  await backend.write('locks', name, utf8(text));
  return name;
}

/** A clock that only pauses move. */
function clock(): { now: () => number; sleep: (ms: number) => Promise<void> } {
  let time = 0;
  return {
    now: () => time,
    sleep: async (ms) => {
      time += ms;
    },
  };
}

describe('inTurn', () => {
  it('waits for a note of another PC, and clears one that stays, whatever its clock says', async () => {
    for (const time of ['2020-01-01T00:00:00Z', '2090-01-01T00:00:00Z']) {
      const backend = memoryBackend();
      await leaveNote(backend, JSON.stringify({ 'instance-sync': 'init', time, nonce: '' }));
      const { now, sleep } = clock();
      const done = await inTurn({ backend, crypto, sleep }, async () => now());
      expect(done).toBeGreaterThanOrEqual(20_000);
      expect(done).toBeLessThan(40_000);
      expect(await backend.list('locks')).toEqual([]);
    }
  });

  it('goes on at once when the other is done', async () => {
    const backend = memoryBackend();
    const name = await leaveNote(backend, JSON.stringify({ 'instance-sync': 'init', time: '', nonce: '' }));
    const { now, sleep } = clock();
    const sleepThenDone = async (ms: number): Promise<void> => {
      await sleep(ms);
      await backend.remove('locks', name);
    };
    expect(await inTurn({ backend, crypto, sleep: sleepThenDone }, async () => now())).toBeLessThan(2001);
  });

  it('gives up after a minute of others that come and go', async () => {
    const backend = memoryBackend();
    const { now, sleep } = clock();
    let last = await leaveNote(backend, JSON.stringify({ 'instance-sync': 'init', nonce: 0 }));
    const another = async (ms: number): Promise<void> => {
      await sleep(ms);
      await backend.remove('locks', last);
      last = await leaveNote(backend, JSON.stringify({ 'instance-sync': 'init', nonce: now() }));
    };
    const work = inTurn({ backend, crypto, sleep: another }, async () => 'never');
    await expect(work).rejects.toMatchObject({ code: 'locked' });
    expect((await backend.list('locks')).map(({ name }) => name)).toEqual([last]);
  });

  it('leaves the locks of others alone, and takes its own note back after a failure', async () => {
    const backend = memoryBackend();
    const name = await leaveNote(backend, 'not a note');
    const failing = inTurn({ backend, crypto }, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect((await backend.list('locks')).map((file) => file.name)).toEqual([name]);
  });
});
