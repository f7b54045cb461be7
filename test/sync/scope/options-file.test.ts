import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sharedPart, withCloudValues, withLocalValues } from '../../../src/sync/scope/options-file.js';

const KEYS = new Set(['maxFps', 'guiScale', 'soundDevice', 'größe']);
const bytes = (text: string): Buffer => Buffer.from(text);
const local = (cloud: string, here: string): string =>
  Buffer.from(withLocalValues(bytes(cloud), bytes(here), KEYS)).toString();
const cloudy = (here: string, cloud: string): string =>
  Buffer.from(withCloudValues(bytes(here), bytes(cloud), KEYS)).toString();

describe("the cloud's file with this PC's values", () => {
  test.each([
    ['a value of its own', 'fov:1\nmaxFps:60\nlang:en\n', 'lang:de\nmaxFps:144\n', 'fov:1\nmaxFps:144\nlang:en\n'],
    ['a value that has colons', 'soundDevice:a\n', 'soundDevice:"b: c:d"\n', 'soundDevice:"b: c:d"\n'],
    ['an empty value', 'maxFps:60\n', 'maxFps:\n', 'maxFps:\n'],
    ['a line that the cloud lacks', 'fov:1\n', 'guiScale:3\nfov:2\nmaxFps:1\n', 'fov:1\nguiScale:3\nmaxFps:1\n'],
    ['the same, and no line end', 'fov:1', 'guiScale:3', 'guiScale:3\nfov:1'],
    [
      'line ends of Windows',
      'fov:1\r\nmaxFps:60\r\n',
      'maxFps:144\nguiScale:2\n',
      'fov:1\r\nmaxFps:144\r\nguiScale:2\r\n',
    ],
    ['the last of two lines', 'maxFps:1\nmaxFps:2\n', 'maxFps:3\nmaxFps:4\n', 'maxFps:1\nmaxFps:4\n'],
    ['nothing here', 'fov:1\nmaxFps:60\n', '', 'fov:1\nmaxFps:60\n'],
    ['nothing there', '', 'fov:1\nmaxFps:60\n', 'maxFps:60\n'],
    ['a key that is no ASCII', 'größe:1\n', 'größe:2\n', 'größe:2\n'],
    ['a key in the middle of a line', 'x.maxFps:1\nmaxFps\n', 'maxFps:3\n', 'x.maxFps:1\nmaxFps\nmaxFps:3\n'],
  ])('%s', (_, cloud, here, expected) => {
    expect(local(cloud, here)).toBe(expected);
  });

  test('keeps bytes that are not UTF-8', () => {
    const cloud = Buffer.from('lastServer:\xff\xfe\nmaxFps:\xe9\n', 'latin1');
    const here = Buffer.from('maxFps:\x80\xff\n', 'latin1');
    expect(Buffer.from(withLocalValues(cloud, here, KEYS)).toString('latin1')).toBe(
      'lastServer:\xff\xfe\nmaxFps:\x80\xff\n',
    );
  });
});

describe("this PC's file with the cloud's values", () => {
  test.each([
    ["the cloud's value", 'fov:2\nmaxFps:144\n', 'maxFps:60\nfov:1\n', 'fov:2\nmaxFps:60\n'],
    ['its own, where the cloud has none', 'fov:2\nmaxFps:144\n', 'fov:1\n', 'fov:2\nmaxFps:144\n'],
    ['no line that it lacks', 'fov:2\n', 'maxFps:60\n', 'fov:2\n'],
    ['its line ends', 'maxFps:144\r\n', 'maxFps:60\n', 'maxFps:60\r\n'],
  ])('%s', (_, here, cloud, expected) => {
    expect(cloudy(here, cloud)).toBe(expected);
  });
});

test('whatever two files hold, nothing but the lines of the machine comes from the other', () => {
  const key = fc.constantFrom('maxFps', 'guiScale', 'fov', 'lang', 'key_key.jump', '', 'größe');
  const value = fc.string({ unit: fc.constantFrom('a', '1', ':', '"', '\r', '\xff', ' '), maxLength: 4 });
  const line = fc.oneof(
    fc.tuple(key, value).map((pair) => pair.join(':')),
    value,
  );
  const file = fc
    .tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
    .map(([lines, end, closed]) => Buffer.from(lines.join(end) + (closed ? end : ''), 'latin1'));
  const property = fc.property(file, file, (one, other) => {
    const mixed = withLocalValues(one, other, KEYS);
    expect(sharedPart(mixed, KEYS)).toBe(sharedPart(one, KEYS));
    expect(sharedPart(withCloudValues(one, other, KEYS), KEYS)).toBe(sharedPart(one, KEYS));
    // A second time changes nothing, and what a PC got is what it has.
    expect(Buffer.from(withLocalValues(mixed, other, KEYS))).toEqual(Buffer.from(mixed));
    expect(Buffer.from(withLocalValues(one, mixed, KEYS))).toEqual(Buffer.from(mixed));
    expect(Buffer.from(withLocalValues(one, one, KEYS))).toEqual(one);
    expect(Buffer.from(withLocalValues(one, other, new Set()))).toEqual(one);
  });
  fc.assert(property, { numRuns: 500 });
});
