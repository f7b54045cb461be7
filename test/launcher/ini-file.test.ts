/** A launcher's settings: what is written is read back, as the launcher reads it, and no other byte changes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readIni } from '../../src/launcher/ini-file.js';
import { type Dialect, decodeList, decodeValue, encodeValue } from '../../src/launcher/ini-value.js';

const KEY = 'PreLaunchCommand';
const NODE = '"C:/Program Files/nodejs/node.exe" "C:/x/instance-sync.mjs" pull';

const ANY_TEXT = fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => !/[\ud800-\udfff]/.test(text));
/** The plain form cannot hold blanks at the ends, nor every control character. */
const PLAIN_TEXT = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  .map((text) => text.replace(/[\r\v\f\0\u0085\u2028\u2029]/g, '').trim());

describe.each<[Dialect, fc.Arbitrary<string>]>([
  ['qt', ANY_TEXT],
  ['plain', PLAIN_TEXT],
])('a value in the form %s', (dialect, texts) => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(decodeValue(encodeValue(text, dialect), dialect)).toBe(text);
      }),
      { numRuns: 1000, seed: 4 },
    );
  });
});

describe('values as QSettings writes and reads them', () => {
  it.each([
    ['plain text', 'plain text'],
    ['  trimmed  ', 'trimmed'],
    ['"  kept  "', '  kept  '],
    [String.raw`\"/usr/bin/node\" \"/opt/x.mjs\" pull`, '"/usr/bin/node" "/opt/x.mjs" pull'],
    ['"/usr/bin/node" "/opt/x.mjs" pull', '/usr/bin/node/opt/x.mjspull'],
    [String.raw`C:\\games\\x`, 'C:\\games\\x'],
    [String.raw`\xc4rger \x1f30d`, 'Ärger \u{1f30d}'.replace('\u{1f30d}', String.fromCharCode(0xf30d))],
    [String.raw`\xd83c\xdf0d`, '🌍'],
    [String.raw`a\tb\nc\101`, 'a\tb\ncA'],
    ['@@home', '@home'],
    ['@Invalid()', ''],
    ['', ''],
    ['a, b', ''],
    ['Ä', 'Ä'],
  ])('%s', (raw, value) => {
    expect(decodeValue(Buffer.from(raw, 'utf8').toString('latin1'), 'qt')).toBe(value);
  });

  it('lists', () => {
    expect(decodeList(String.raw`/a b, "/c, d", \"e\"`)).toEqual(['/a b', '/c, d', '"e"']);
    expect(decodeList('/one')).toEqual(['/one']);
  });

  it('written in ASCII, in quotes, with a digit behind a number escaped', () => {
    expect(encodeValue('é1 "x"', 'qt')).toBe(String.raw`"\xe9\x31 \"x\""`);
    expect(encodeValue('a;b', 'qt')).toBe('"a;b"');
    expect(encodeValue('', 'qt')).toBe('');
  });

  it('latin1 of Qt 5 is read too', () => {
    expect(decodeValue('M\xfcller', 'qt')).toBe('Müller');
  });
});

const PRISM = [
  '[General]',
  'ApplicationTheme=system',
  'ConfigVersion=1.2',
  '; a remark',
  String.raw`Env="@Variant(\0\0\0\b\0\0\0\0)"`,
  'InstanceDir=instances',
  'MainWindowGeometry=@ByteArray(AdnQywADAAA)',
  String.raw`PostExitCommand="\"/usr/bin/node\" \"/opt/x.mjs\" push"`,
  'PreLaunchCommand=java -jar packwiz.jar',
  '',
  '[UI]',
  'PreLaunchCommand=not this one',
  '',
].join('\n');

const bytesOf = (text: string): Buffer => Buffer.from(text, 'utf8');
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

describe('a file of Prism', () => {
  it('is read', () => {
    const ini = readIni(bytesOf(PRISM));
    expect(ini.dialect).toBe('qt');
    expect(ini.get(KEY)).toBe('java -jar packwiz.jar');
    expect(ini.get('PostExitCommand')).toBe('"/usr/bin/node" "/opt/x.mjs" push');
    expect(ini.get('WrapperCommand')).toBeUndefined();
    expect(ini.get('a remark')).toBeUndefined();
  });

  it('changes in one line', () => {
    const changed = textOf(readIni(bytesOf(PRISM)).set(KEY, NODE).bytes);
    const wanted = 'PreLaunchCommand="\\"C:/Program Files/nodejs/node.exe\\" \\"C:/x/instance-sync.mjs\\" pull"';
    expect(changed).toBe(PRISM.replace('PreLaunchCommand=java -jar packwiz.jar', wanted));
    expect(readIni(bytesOf(changed)).get(KEY)).toBe(NODE);
  });

  it('gets a new line behind the last of its section', () => {
    const changed = textOf(readIni(bytesOf(PRISM)).set('WrapperCommand', 'x').bytes);
    expect(changed).toBe(PRISM.replace('packwiz.jar\n', 'packwiz.jar\nWrapperCommand="x"\n'));
  });

  it.each([
    ['Windows line ends', (text: string) => text.replaceAll('\n', '\r\n')],
    ['no last line end', (text: string) => text.slice(0, text.indexOf('\n\n[UI]'))],
    ['a mark at the beginning', (text: string) => `\ufeff${text}`],
    ['no [General]', (text: string) => text.replace('[General]\n', '')],
    ['[general] at the end', (text: string) => `[UI]\nx=1\n${text.split('\n\n[UI]')[0]}`],
  ])('%s', (_, change) => {
    const text = change(PRISM);
    for (const key of [KEY, 'WrapperCommand']) {
      const changed = readIni(bytesOf(text)).set(key, NODE);
      expect(changed.get(key)).toBe(NODE);
      const line =
        textOf(changed.bytes)
          .split(/\r?\n/)
          .find((one) => one.startsWith(`${key}="`)) ?? '';
      const without = key === KEY ? 'PreLaunchCommand=java -jar packwiz.jar' : undefined;
      const back = textOf(changed.bytes);
      const restored =
        without === undefined ? back.replace(RegExp(`\\r?\\n?${literally(line)}`), '') : back.replace(line, without);
      expect(restored).toBe(text);
    }
  });

  it('values over several lines, remarks behind values, and keys that come twice', () => {
    const text =
      '[General]\nConfigVersion=1.2\nNotes="a\nPreLaunchCommand=no\n"\nPreLaunchCommand=one;two\nPreLaunchCommand=three\nx=1';
    const ini = readIni(bytesOf(text));
    expect(ini.get(KEY)).toBe('three');
    expect(ini.get('Notes')).toBe('a\nPreLaunchCommand=no\n');
    expect(textOf(ini.set(KEY, 'y').bytes)).toBe(text.replace('=three', '="y"'));
    expect(readIni(bytesOf('ConfigVersion=1.2\nx=one;two')).get('x')).toBe('one');
  });

  it('one that has other sections only', () => {
    const changed = readIni(bytesOf('[UI]\nx=1\n'), 'qt').set(KEY, NODE);
    expect(textOf(changed.bytes)).toMatch(/^\[General\]\nPreLaunchCommand=.*\n\[UI\]\nx=1\n$/);
    expect(changed.get(KEY)).toBe(NODE);
    expect(readIni(bytesOf(''), 'qt').set(KEY, NODE).get(KEY)).toBe(NODE);
  });
});

const MULTIMC = [
  '# remark=1',
  'InstanceDir=instances',
  'PreLaunchCommand="C:/java.exe" -jar a\\#b.jar',
  'Name=Müller',
  '',
].join('\n');

describe('a file of MultiMC', () => {
  it('is read and changed without quotes around values', () => {
    const ini = readIni(bytesOf(MULTIMC));
    expect(ini.dialect).toBe('plain');
    expect(ini.get(KEY)).toBe('"C:/java.exe" -jar a#b.jar');
    expect(ini.get('Name')).toBe('Müller');
    const changed = ini.set(KEY, `${NODE} #1`).set('PostExitCommand', 'ä');
    expect(textOf(changed.bytes)).toBe(
      MULTIMC.replace(/PreLaunchCommand=.*/, `PreLaunchCommand=${NODE} \\#1`).replace(
        'Müller',
        'Müller\nPostExitCommand=ä',
      ),
    );
    expect(changed.get(KEY)).toBe(`${NODE} #1`);
  });

  it('a remark behind a value goes with it, or it would cut the new value', () => {
    const ini = readIni(bytesOf('PreLaunchCommand=a # why\r\nb=1'));
    expect(ini.get(KEY)).toBe('a');
    const changed = ini.set(KEY, 'x#y');
    expect(textOf(changed.bytes)).toBe('PreLaunchCommand=x\\#y\r\nb=1');
    expect(changed.get(KEY)).toBe('x#y');
  });

  it("one that Prism's mark was left in is still read as MultiMC reads it", () => {
    const text = `ConfigVersion=1.2\n${MULTIMC}`;
    expect(readIni(bytesOf(text), 'plain').get(KEY)).toBe('"C:/java.exe" -jar a#b.jar');
  });
});

/** Lines of all kinds, also such as no launcher writes. */
const LINE = fc.oneof(
  fc.constantFrom(
    '[General]',
    '[UI]',
    '; remark',
    '# remark',
    '',
    '   ',
    'no equals sign',
    'x=1',
    'y = "a;b" ',
    'z=a,b',
  ),
  fc.constantFrom(
    'PreLaunchCommand=old',
    'PreLaunchCommand="a\\"b"',
    ' PreLaunchCommand = \\x41 ',
    'ConfigVersion=1.2',
  ),
  fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replace(/[\r\n\\"]/g, '')),
);

it('in any file the value is what was set, the others are as they were, and no other line changes', () => {
  fc.assert(
    fc.property(
      fc.array(LINE, { maxLength: 12 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      fc.constantFrom<Dialect | undefined>('qt', 'plain', undefined),
      PLAIN_TEXT,
      (lines, newline, last, dialect, value) => {
        const text = lines.join(newline) + (last ? newline : '');
        const before = readIni(bytesOf(text), dialect);
        const after = before.set(KEY, value);
        expect(after.get(KEY)).toBe(value);
        expect(readIni(after.bytes, before.dialect).get(KEY)).toBe(value);
        for (const key of ['x', 'y', 'z', 'ConfigVersion']) expect(after.get(key)).toBe(before.get(key));
        if (text.trim() === '') return;
        const [old, now] = [text, textOf(after.bytes)].map((one) => one.split(/\r?\n/));
        const kept = (now ?? []).filter((line) => !/^\s*PreLaunchCommand/.test(line));
        const others = (old ?? []).filter((line) => !/^\s*PreLaunchCommand/.test(line));
        const made = before.get(KEY) === undefined && !text.includes('[General]') && kept.includes('[General]');
        expect(made ? kept.filter((line) => line !== '[General]') : kept).toEqual(others);
      },
    ),
    { numRuns: 1500, seed: 4 },
  );
});

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
