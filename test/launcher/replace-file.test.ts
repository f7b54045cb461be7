/** A file of another program's, replaced: as a whole, with a copy, and never over news. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { replaceFile } from '../../src/launcher/replace-file.js';
import { tempFolder } from '../helpers/temp.js';

it('keeps what was there beside it', async () => {
  const path = join(tempFolder(), 'a.cfg');
  writeFileSync(path, 'old');
  const backup = await replaceFile(path, Buffer.from('old'), Buffer.from('new'));
  expect([path, backup].map((file) => readFileSync(file, 'utf8'))).toEqual(['new', 'old']);
});

it('leaves a file alone that is no longer as it was read, and nothing beside it', async () => {
  const folder = tempFolder();
  const path = join(folder, 'a.cfg');
  writeFileSync(path, 'news');
  await expect(replaceFile(path, Buffer.from('old'), Buffer.from('new'))).rejects.toMatchObject({ code: 'in-use' });
  expect(readdirSync(folder)).toEqual(['a.cfg']);
  expect(readFileSync(path, 'utf8')).toBe('news');
});

it('a file that is gone', async () => {
  const path = join(tempFolder(), 'a.cfg');
  await expect(replaceFile(path, Buffer.from('old'), Buffer.from('new'))).rejects.toMatchObject({ code: 'io' });
});
