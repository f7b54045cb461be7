/** The words of the windows: both languages say the same things, and write numbers and times as one reads them there. */
import { describe, expect, it } from 'vitest';
import { chooseLanguage, speak } from '../../src/ui/strings.js';
import { DE } from '../../src/ui/strings-de.js';
import { DE_HOME } from '../../src/ui/strings-de-home.js';
import { EN } from '../../src/ui/strings-en.js';
import { EN_HOME } from '../../src/ui/strings-en-home.js';

type Text = string | { readonly one: string; readonly other: string };

const english: Readonly<Record<string, Text>> = { ...EN, ...EN_HOME };
const german: Readonly<Record<string, Text>> = { ...DE, ...DE_HOME };
const en = speak('en');
const de = speak('de');
const NOW = Date.parse('2026-11-22T19:30:00Z');

function formsOf(text: Text | undefined): readonly string[] {
  return text === undefined ? [] : typeof text === 'string' ? [text] : [text.one, text.other];
}

function holesOf(text: string): readonly string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map(([, hole]) => hole ?? '').sort();
}

describe('the tables', () => {
  it('have the same keys, none of them twice', () => {
    expect(Object.keys(german).sort()).toEqual(Object.keys(english).sort());
    expect(Object.keys(english)).toHaveLength(Object.keys(EN).length + Object.keys(EN_HOME).length);
  });

  it('leave room for the same values', () => {
    for (const [key, text] of Object.entries(english)) {
      expect(formsOf(german[key]).map(holesOf), key).toEqual(formsOf(text).map(holesOf));
    }
  });

  it('say nothing that is no player’s word', () => {
    const all = [...Object.values(english), ...Object.values(german)].flatMap(formsOf);
    expect(all.filter((text) => /\b(head|snapshot|repository|repo|hash|restic|blob)\b/i.test(text))).toEqual([]);
    expect(all.filter((text) => text.trim() === '' || text !== text.trim())).toEqual([]);
  });

  it('are translated, but for words that both have', () => {
    const same = Object.entries(english).filter(([key, text]) => formsOf(text).join() === formsOf(german[key]).join());
    const texts = same.map(([, text]) => text);
    expect(texts).toEqual(['Cloud', 'PC', 'Minecraft', 'PC', 'Cloud', 'Token']);
  });
});

describe('speech', () => {
  it('is German for Germans, English for all others', () => {
    expect(['de', 'de-AT', 'de_CH.UTF-8', 'DE', 'en', 'den', 'fr', '', undefined].map(chooseLanguage)).toEqual([
      'de',
      'de',
      'de',
      'de',
      'en',
      'en',
      'en',
      'en',
      'en',
    ]);
  });

  it('fills in values, and never reads them as a text with names', () => {
    expect(en.text('doneOf', { done: '{total}', total: '$&' })).toBe('{total} of $&');
    expect(en.pieces('conflictTitle', { name: 7 })).toEqual([7, ' was changed on both sides']);
    expect(de.pieces('conflictTitle', { name: 7 })).toEqual([7, ' wurde auf beiden Seiten geändert']);
  });

  it('chooses the form by the number', () => {
    expect([0, 1, 2, 1234].map((count) => en.count('files', count))).toEqual([
      '0 files',
      '1 file',
      '2 files',
      '1,234 files',
    ]);
    expect([0, 1, 1234].map((count) => de.count('files', count))).toEqual(['0 Dateien', '1 Datei', '1.234 Dateien']);
  });

  it('writes sizes in decimal units', () => {
    expect([0, 999, 1000, 999_499, 999_500, 12_345_678, 2_000_000_000_000].map(en.bytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '999 kB',
      '1.0 MB',
      '12.3 MB',
      '2.0 TB',
    ]);
    expect(de.bytes(12_345_678)).toBe('12,3 MB');
  });

  it('tells how long ago something was', () => {
    const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString();
    expect([5, 90, 7_300, 90_000, 1_300_000, 40_000_000].map((seconds) => en.ago(ago(seconds), NOW))).toEqual([
      'just now',
      '1 minute ago',
      '2 hours ago',
      'yesterday',
      '2 weeks ago',
      'last year',
    ]);
    expect(de.ago(ago(7_300), NOW)).toBe('vor 2 Stunden');
    expect(en.ago(ago(-7_300), NOW)).toBe('in 2 hours');
    expect(en.ago('never', NOW)).toBe('');
    expect(en.moment('never')).toBe('never');
  });

  it('tells how long something takes, roughly', () => {
    expect([900, 42_000, 61_000, 3_599_000, 7_400_000].map(en.duration)).toEqual([
      '5 seconds',
      '45 seconds',
      '1 minute',
      '1 hour',
      '2 hours',
    ]);
    expect(de.duration(90_000)).toBe('2 Minuten');
  });
});
