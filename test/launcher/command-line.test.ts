/** The hook's line, given to every launcher's rules: it comes apart into node, script and command, or we say that not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  findHazards,
  type HookCommand,
  hookLine,
  isSameProgram,
  readOwnLine,
} from '../../src/launcher/command-line.js';
import { onPosix } from '../helpers/only-where.js';
import {
  hmcl,
  javaOnWindows,
  type Model,
  modrinth,
  multimc,
  prism9,
  prism10,
  prism12,
  shell,
  wrapper,
} from './line-models.js';

const ENV = {
  INST_NAME: 'My "Pack"',
  INST_ID: 'My Pack',
  INST_MC_DIR: 'C:\\games\\My Pack\\.minecraft',
  HOME: '/home/kim',
  PATH: '/usr/bin',
  a: 'x y',
  é: 'z',
};

/** What lies in a path that a player chose, and much of what hurts. */
const NAME = fc
  .array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom('node', 'My Games', 'Program Files (x86)', 'Instänce', '日本', 'Über', '🌍'),
      },
      {
        weight: 2,
        arbitrary: fc.constantFrom("kim's", '100%', '%PATH%', '^&', ';', '#1', '=', ',', '!', '{a}', '[b]', '~'),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom('$', '$a', '$HOME', `$${'{a}'}`, '$INST_ID', '$(a)', '$$', '`', '"', '\\', '  '),
      },
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join(' ').trim().replaceAll('/', '') || 'x');
const POSIX_PATH = fc.array(NAME, { minLength: 1, maxLength: 3 }).map((names) => `/${names.join('/')}`);
const WINDOWS_PATH = fc
  .array(
    NAME.map((name) => name.replace(/["\\]/g, '')),
    { minLength: 1, maxLength: 3 },
  )
  .map((names) => `C:\\${names.join('\\')}`);

const EVERYWHERE: Readonly<Record<string, Model>> = { prism9, prism10, prism12, multimc, wrapper, modrinth };

/** The models that get other words than those that were meant. */
function misread(path: string, platform: NodeJS.Platform, models: Readonly<Record<string, Model>>): string[] {
  const program = { node: `${path}/node`, script: `${path}/instance-sync.mjs` };
  const meant = [program.node, program.script].map((text) =>
    platform === 'win32' ? text.replaceAll('\\', '/') : text,
  );
  const line = hookLine(program, 'pull', platform);
  return Object.entries(models)
    .filter(([, model]) => JSON.stringify(model(line, ENV)) !== JSON.stringify([...meant, 'pull']))
    .map(([name]) => name);
}

function hazardsOf(path: string, platform: NodeJS.Platform): { all: boolean; some: boolean } {
  const hazards = findHazards({ node: path, script: '/x/instance-sync.mjs' }, platform);
  return { all: hazards.some(({ everywhere }) => everywhere), some: hazards.length > 0 };
}

describe('a line comes apart into what was meant', () => {
  it('on Linux and macOS, in every launcher, or it is said that not', () => {
    let clean = 0;
    fc.assert(
      fc.property(POSIX_PATH, (path) => {
        const { all, some } = hazardsOf(path, 'linux');
        if (!all) expect(misread(path, 'linux', EVERYWHERE)).toEqual([]);
        if (!some) expect(misread(path, 'linux', { hmcl })).toEqual([]);
        if (!some) clean += 1;
      }),
      { numRuns: 500, seed: 4 },
    );
    expect(clean).toBeGreaterThan(100);
  });

  onPosix('by a real shell', () => {
    fc.assert(
      fc.property(
        POSIX_PATH.filter((path) => !hazardsOf(path, 'linux').some),
        (path) => {
          expect(misread(path, 'linux', { shell })).toEqual([]);
        },
      ),
      { numRuns: 25, seed: 4 },
    );
  });

  it('on Windows, in every launcher, or it is said that not', () => {
    fc.assert(
      fc.property(WINDOWS_PATH, (path) => {
        const { all, some } = hazardsOf(path, 'win32');
        if (!all) expect(misread(path, 'win32', EVERYWHERE)).toEqual([]);
        if (!some) expect(misread(path, 'win32', { javaOnWindows, hmcl })).toEqual([]);
      }),
      { numRuns: 500, seed: 4 },
    );
  });

  it.each([
    ['/opt/a"b', ['prism9', 'prism10', 'prism12']],
    ['/opt/$INST_ID', ['prism9', 'prism10', 'prism12', 'multimc', 'modrinth']],
    [['/opt/$', '{HOME}'].join(''), ['prism10', 'prism12', 'modrinth']],
    ['/opt/a\\b', ['prism12', 'wrapper']],
  ])('%s is misread indeed, and it is said', (path, models) => {
    expect(misread(path, 'linux', EVERYWHERE)).toEqual(expect.arrayContaining(models));
    expect(hazardsOf(path, 'linux').all).toBe(true);
  });

  onPosix('what only some launchers misread is said as well', () => {
    for (const path of ['/opt/`true`', '/opt/$(true)', '/opt/$$']) {
      expect(misread(path, 'linux', { shell })).toEqual(['shell']);
      expect(hazardsOf(path, 'linux')).toEqual({ all: false, some: true });
    }
    expect(misread('C:\\a  b', 'win32', { javaOnWindows })).toEqual(['javaOnWindows']);
    expect(hazardsOf('C:\\a  b', 'win32')).toEqual({ all: false, some: true });
  });

  it('plain paths have no hazard', () => {
    for (const path of ['/usr/bin/node', "/home/kim/My Games (1)/kim's/ü$", '/opt/100%', '/a/#1 & co;']) {
      expect(hazardsOf(path, 'linux')).toEqual({ all: false, some: false });
    }
    for (const path of ['C:\\Program Files (x86)\\nodejs', '\\\\server\\share\\node.exe', 'D:\\50% off\\!x']) {
      expect(hazardsOf(path, 'win32')).toEqual({ all: false, some: false });
    }
    expect(hazardsOf('\\\\?\\C:\\node.exe', 'win32').all).toBe(true);
  });
});

describe('a line with a command behind it', () => {
  const program = { node: 'C:\\Program Files\\nodejs\\node.exe', script: 'C:\\Tools\\instance-sync.mjs' };

  it('keeps that command word by word', () => {
    const java = '"C:/Program Files/java.exe" -jar packwiz-installer-bootstrap.jar https://example.org/pack.toml';
    const line = hookLine(program, 'pull', 'win32', java);
    expect(line).toBe(`"C:/Program Files/nodejs/node.exe" "C:/Tools/instance-sync.mjs" pull -- ${java}`);
    for (const model of Object.values(EVERYWHERE)) expect(model(line, ENV)?.slice(4)).toEqual(model(java, ENV));
  });

  it('a wrapper ends where the launcher adds the game', () => {
    expect(hookLine(program, 'wrap', 'win32')).toMatch(/" wrap --$/);
    expect(hookLine(program, 'wrap', 'win32', 'gamemoderun')).toMatch(/" wrap -- gamemoderun$/);
  });
});

describe('lines that are ours', () => {
  const COMMANDS: readonly HookCommand[] = ['pull', 'push', 'wrap'];

  it('are known again, with what follows', () => {
    fc.assert(
      fc.property(
        POSIX_PATH.filter((path) => !hazardsOf(path, 'linux').some),
        fc.constantFrom(...COMMANDS),
        fc.constantFrom('', 'java -jar "a b.jar"', 'env X=1 run', "echo 'a b'"),
        (path, command, rest) => {
          const program = { node: `${path}/node`, script: `${path}/instance-sync.mjs` };
          const found = readOwnLine(hookLine(program, command, 'linux', rest));
          expect(found).toMatchObject({ ...program, command, whole: true });
          expect(found?.rest).toBe(rest === '' ? (command === 'wrap' ? '--' : '') : `-- ${rest}`);
        },
      ),
      { numRuns: 200, seed: 4 },
    );
  });

  it.each([
    ['"/usr/bin/node" "/opt/instance-sync.mjs" pull --offline=require', '--offline=require', true],
    ["'/usr/bin/node' '/opt/instance-sync.mjs' pull", '', true],
    ['node C:\\Tools\\instance-sync.mjs pull', '', true],
    ['env A=1 node /opt/instance-sync.mjs pull', '', false],
    ['/usr/local/bin/instance-sync pull', '', false],
  ])('%s', (line, rest, whole) => {
    expect(readOwnLine(line)).toMatchObject({ command: 'pull', rest, whole });
  });

  it.each(['', 'java -jar packwiz.jar', 'node other.mjs pull', '/opt/instance-sync.mjs', '"', 'notinstance-sync pull'])(
    'another one: %s',
    (line) => {
      expect(readOwnLine(line)).toBeUndefined();
    },
  );

  it('are the same program however it is written', () => {
    const a = { node: 'C:\\Program Files\\Node.exe', script: 'C:\\x\\instance-sync.mjs' };
    const b = { node: 'c:/program files/node.exe', script: 'C:/x/instance-sync.mjs' };
    expect(isSameProgram(a, b, 'win32')).toBe(true);
    expect(isSameProgram({ ...a, node: '/Node' }, { ...a, node: '/node' }, 'linux')).toBe(false);
  });
});
