import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { absolutePath, cleanPath, pathSteps, rootOf, volumeOf } from '../../src/archive/target-path.js';
import type { TargetNode, TargetTree } from '../../src/archive/target-tree.js';
import { resolveTargets } from '../../src/archive/target-tree.js';

/** "name" for what is stored whole, "name<path>" where the path is another, in brackets what is below a folder. */
function draw(tree: TargetTree): string {
  const one = ([name, node]: readonly [string, TargetNode]): string => {
    if (node.kind === 'folder') return `${name}(${node.path})[${draw(node)}]`;
    return `${name}<${node.path}>${node.isExplicit ? '!' : ''}`;
  };
  return tree.children.map(one).join(' ');
}

const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  '.': ['a', 'b', 'c'],
  '..': ['x', 'y'],
  '/': ['etc', 'home'],
  a: ['1', '2', 'sub'],
  'a/sub': ['3'],
  '/home': ['me', 'you'],
  '/home/me': ['x', 'y'],
  'C:\\': ['Users', 'Windows'],
  'C:\\Users': ['me', 'you'],
};

async function resolve(targets: readonly string[], platform: NodeJS.Platform = 'linux'): Promise<string> {
  const list = async (path: string): Promise<readonly string[]> => {
    const names = FOLDERS[path];
    if (names === undefined) throw new Error(`nobody knows what is in ${path}`);
    return names;
  };
  return draw(await resolveTargets(targets, list, platform));
}

describe('targets come to lie in the snapshot', () => {
  it.each([
    ['relative', ['a'], 'a<a>!'],
    ['below a folder', ['a/b/c'], 'a(a)[b(a/b)[c<a/b/c>!]]'],
    ['in order of names, not of the command line', ['b', 'a'], 'a<a>! b<b>!'],
    ['absolute', ['/home/me'], 'home(/home)[me</home/me>!]'],
    ['absolute and topmost', ['/etc'], 'etc</etc>!'],
    ['with steps back', ['./a/../b/./c//'], 'b(b)[c<b/c>!]'],
    ['above the working folder', ['../x/y'], 'x(../x)[y<../x/y>!]'],
    ['twice', ['a', './a', 'a/'], 'a<a>!'],
    ['what is in the working folder', ['.'], 'a<a> b<b> c<c>'],
    ['what is above the working folder', ['..'], 'x<../x> y<../y>'],
    ['what is on the disk', ['/'], 'etc</etc> home</home>'],
    ['named first, then found', ['a', '.'], 'a<a>! b<b> c<c>'],
    ['found first, then named', ['.', 'a'], 'a<a> b<b> c<c>'],
    ['one in the other', ['a', 'a/sub'], 'a(a)[1<a/1> 2<a/2> sub<a/sub>!]'],
    ['the other way round', ['a/sub', 'a'], 'a(a)[1<a/1> 2<a/2> sub<a/sub>!]'],
    ['one deep in the other', ['a', 'a/sub/3'], 'a(a)[1<a/1> 2<a/2> sub(a/sub)[3<a/sub/3>!]]'],
    [
      'one deep in the other, absolute',
      ['/home/me/x', '/home'],
      'home(/home)[me(/home/me)[x</home/me/x>! y</home/me/y>] you</home/you>]',
    ],
    ['of one name in two places', ['a', '../a'], 'a<a>! a-1<../a>!'],
    [
      'of one name in three places',
      ['a/x', '../a/y', '/a/z', '../a/w'],
      'a(a)[x<a/x>!] a-1(../a)[w<../a/w>! y<../a/y>!] a-2(/a)[z</a/z>!]',
    ],
    ['a name that looks like a second one', ['a', 'a-1', '../a'], 'a<a>! a-1<a-1>! a-2<../a>!'],
  ])('%s', async (_, targets, drawn) => {
    expect(await resolve(targets)).toBe(drawn);
  });

  it.each([
    ['on a volume', ['C:\\Users\\me'], 'C(C:\\)[Users(C:\\Users)[me<C:\\Users\\me>!]]'],
    ['with slashes', ['c:/Users/me/'], 'c(c:\\)[Users(c:\\Users)[me<c:\\Users\\me>!]]'],
    ['on two volumes', ['C:\\a', 'D:\\a'], 'C(C:\\)[a<C:\\a>!] D(D:\\)[a<D:\\a>!]'],
    ['a volume', ['C:\\'], 'C<C:\\>!'],
    ['a volume without its slash', ['C:'], 'C<C:\\>!'],
    [
      'a volume and what is on it',
      ['C:\\', 'C:\\Users\\me'],
      'C(C:\\)[Users(C:\\Users)[me<C:\\Users\\me>! you<C:\\Users\\you>] Windows<C:\\Windows>]',
    ],
    ['relative', ['a\\b', 'a/c'], 'a(a)[b<a\\b>! c<a\\c>!]'],
    ['of a share', ['\\\\pc\\share\\x'], '\\\\pc\\share(\\\\pc\\share\\)[x<\\\\pc\\share\\x>!]'],
  ])('on Windows: %s', async (_, targets, drawn) => {
    expect(await resolve(targets, 'win32')).toBe(drawn);
  });

  it('and a folder that cannot be listed is an error of the whole', async () => {
    await expect(resolve(['b', 'b/x'])).rejects.toThrow('nobody knows what is in b');
  });
});

describe('paths are taken apart', () => {
  const part = fc.constantFrom('a', 'b', '.', '..', '', 'c d');
  const path = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'));

  it('so that what is absolute has the same steps', () => {
    fc.assert(
      fc.property(path, (text) => {
        const absolute = absolutePath('/w/x', text, 'linux');
        expect(absolute).toBe(cleanPath(absolute, 'linux'));
        expect(pathSteps(absolute, 'linux').steps).toEqual(absolute.split('/').filter(Boolean));
      }),
    );
  });

  it('so that a clean path is left as it is', () => {
    fc.assert(
      fc.property(path, (text) => {
        const clean = cleanPath(text, 'linux');
        expect(cleanPath(clean, 'linux')).toBe(clean);
        expect(clean === '/' || !clean.endsWith('/')).toBe(true);
      }),
    );
  });

  it('by volume and root', () => {
    expect(volumeOf('C:\\x', 'win32')).toBe('C:');
    expect(volumeOf('\\\\pc\\share\\x', 'win32')).toBe('\\\\pc\\share');
    expect(volumeOf('C:\\x', 'linux')).toBe('');
    expect(rootOf('../../a/../b', 'linux')).toBe('../..');
    expect(rootOf('a/b', 'linux')).toBe('.');
    expect(rootOf('/a/b', 'linux')).toBe('/');
    expect(rootOf('..\\a', 'win32')).toBe('..');
  });
});
