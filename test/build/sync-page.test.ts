/** docs/sync.md says which test shows what: those tests are there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

it('every test that the page names is there', () => {
  const page = read('docs/sync.md');
  const table = read('test/sync/decision-table.test.ts');
  const files = [...page.matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path ?? '');
  expect(files.length).toBeGreaterThan(8);
  expect(files.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  // The last cell of a row, and the sentences that name tests of the decision.
  const rows = [...page.matchAll(/\| `([^`|]+)` \|$/gm)].map(([, title]) => title ?? '');
  const titles = rows.filter((title) => !title.startsWith('test/') && !title.startsWith('npm '));
  expect(titles.length).toBeGreaterThan(10);
  expect(titles.filter((title) => !table.includes(`'${title}'`))).toEqual([]);
});
