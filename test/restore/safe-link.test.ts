import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leadsOutside } from '../../src/restore/safe-link.js';
import { onPosix } from '../helpers/only-where.js';
import { tempFolder } from '../helpers/temp.js';

describe('a link', () => {
  it.each([
    ['saves/W/l', 'level.dat'],
    ['saves/W/l', './region/'],
    ['saves/W/l', '../V/level.dat'],
    ['saves/W/l', '../../options.txt'],
    ['saves/W/l', '../..'],
    ['l', '.'],
    ['a/l', '..hidden'],
    ['a/l', 'b\\c'],
  ])('%s -> %s stays inside', (path, target) => {
    expect(leadsOutside(path, target)).toBe(false);
  });

  it.each([
    ['l', ''],
    ['l', '..'],
    ['l', '../x'],
    ['saves/W/l', '../../../x'],
    ['saves/W/l', '..\\..\\..\\x'],
    ['saves/W/l', './../.././../x'],
    ['l', '/etc/passwd'],
    ['l', '\\\\server\\share'],
    ['l', '\\x'],
    ['l', 'C:\\x'],
    ['l', 'c:x'],
    ['l', '.. /x'],
    ['l', '...'],
    ['l', '.../../..'],
    ['saves/W/l', 'x/../../../..'],
    ['saves/W/l', 'x/..'],
    ['saves/W/l', '../up/../../x'],
  ])('%s -> %s leads outside', (path, target) => {
    expect(leadsOutside(path, target)).toBe(true);
  });

  onPosix('of those that stay inside, no number together leads out', () => {
    const steps = fc.constantFrom('..', 'a', 'b', 'l1', 'l2', 'l3', '.');
    const place = fc.constantFrom('', 'a/', 'a/b/', 'b/');
    const link = fc.record({ place, target: fc.array(steps, { minLength: 1, maxLength: 5 }) });
    fc.assert(
      fc.property(fc.array(link, { maxLength: 3 }), (links) => {
        const root = join(tempFolder(), 'outer', 'root');
        mkdirSync(join(root, 'a/b'), { recursive: true });
        mkdirSync(join(root, 'b'));
        for (const [i, { place: folder, target }] of links.entries()) {
          const path = `${folder}l${i + 1}`;
          if (!leadsOutside(path, target.join('/'))) symlinkSync(target.join('/'), join(root, path));
        }
        for (const folder of ['', 'a/', 'a/b/', 'b/'])
          for (const name of ['l1', 'l2', 'l3']) {
            const real = realOf(join(root, folder, name));
            if (real !== undefined) expect(real === root || real.startsWith(`${root}/`)).toBe(true);
          }
      }),
      { numRuns: 150 },
    );
  });
});

/** undefined: it leads to nothing, or round in a circle. */
function realOf(path: string): string | undefined {
  try {
    writeFileSync(join(dirname(path), '.probe'), '');
    return realpathSync(path);
  } catch {
    // As above.
    return undefined;
  }
}
