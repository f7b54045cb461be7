/** Keys and locks: what one program adds the other opens with, and takes away. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { openLocal } from '../helpers/local-repository.js';
import type { Turns } from './restic-ts-turns.js';

export async function keys(turns: Turns): Promise<void> {
  const [maker, other] = turns.both;
  const { place } = turns;
  const folder = join(place.folder, 'keys');
  const [first = '', ...none] = readdirSync(folder);
  expect(none).toEqual([]);
  const password = 'pässword two';
  writeFileSync(join(turns.cwd, 'new password'), `${password}\n`);
  for (const [program, next] of [
    [maker, other],
    [other, maker],
  ] as const) {
    const out = await turns.ok(program, 'key', 'add', '--new-password-file', 'new password', '--host', 'elsewhere');
    expect(out).toMatch(/^saved new key /m);
    const added = readdirSync(folder).find((name) => name !== first) ?? '';
    const list = await next.ok(place, ['key', 'list', '--key-hint', added], { password });
    expect(list).toMatch(new RegExp(`^\\*${added.slice(0, 8)} .* elsewhere `, 'm'));
    // The key that is hinted at costs nothing to try.
    await turns.ok(next, 'key', 'remove', added, '--key-hint', first);
    expect(readdirSync(folder)).toEqual([first]);
  }
}

/** One that nobody has refreshed for an hour. */
export async function unlock(turns: Turns): Promise<void> {
  const folder = join(turns.place.folder, 'locks');
  const { locks } = await openLocal(turns.place.folder);
  for (const program of turns.both) {
    const time = new Date(Date.now() - 3_600_000).toISOString();
    await locks.save({ exclusive: true, hostname: 'elsewhere', username: 'user', pid: 1, time });
    await turns.ok(program, 'unlock');
    expect(readdirSync(folder)).toEqual([]);
  }
}
