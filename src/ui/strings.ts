/**
 * The words of the windows, in the player's language: one table for each, of the same keys, and numbers, sizes and
 * times as that language writes them. Pure; it knows neither the page nor the terminal.
 */
import type { Language } from './protocol.js';
import { DE } from './strings-de.js';
import { DE_HOME } from './strings-de-home.js';
import { EN } from './strings-en.js';
import { EN_HOME } from './strings-en-home.js';
import type { Translation } from './strings-shape.js';

type Table = typeof EN & typeof EN_HOME;

export type TextKey = { [Key in keyof Table]: Table[Key] extends string ? Key : never }[keyof Table];
export type PluralKey = Exclude<keyof Table, TextKey>;
/** The names between braces in a text. */
type Holes<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Holes<Rest> : never;
export type Values<Key extends TextKey, Value> = { readonly [Name in Holes<Table[Key]>]: Value };
type Given<Key extends TextKey, Value> = [Holes<Table[Key]>] extends [never] ? [] : [values: Values<Key, Value>];

/** What stands for a text whose key is known when the program runs only. */
export type PlainKey = { [Key in TextKey]: [Holes<Table[Key]>] extends [never] ? Key : never }[TextKey];

export interface Speech {
  readonly language: Language;
  text<Key extends TextKey>(key: Key, ...given: Given<Key, string>): string;
  /** The text in pieces, so that a value may be more than text. */
  pieces<Key extends TextKey, Value>(
    key: Key,
    values: Values<Key, unknown> & Readonly<Record<string, Value>>,
  ): (string | Value)[];
  /** The form for that number, which stands in it as {count}. */
  count(key: PluralKey, count: number): string;
  number(value: number): string;
  /** Decimal units, as launchers and file managers show them. */
  bytes(value: number): string;
  percent(part: number): string;
  /** "5 minutes ago"; seconds are "just now". */
  ago(time: string, now?: number): string;
  /** "22 November 2026 at 20:45". */
  moment(time: string): string;
  /** "22 Nov 2026, 20:45". */
  shortMoment(time: string): string;
  /** "2 minutes"; of time that is left, so roughly. */
  duration(ms: number): string;
  list(parts: readonly string[]): string;
}

const TABLES: Readonly<Record<Language, Translation<Table>>> = {
  en: { ...EN, ...EN_HOME },
  de: { ...DE, ...DE_HOME },
};
/** 24 hours and day before month: English as most of the world writes it. */
const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', de: 'de-DE' };
const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 31_556_952],
  ['month', 2_629_746],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** German for a German browser or shell ("de", "de-AT", "de_CH.UTF-8"), English for all others. */
export function chooseLanguage(wish: string | undefined): Language {
  return /^de\b|^de_/i.test(wish ?? '') ? 'de' : 'en';
}

export function speak(language: Language): Speech {
  const table = TABLES[language];
  const locale = LOCALES[language];
  const rules = new Intl.PluralRules(locale);
  const number = (value: number): string => new Intl.NumberFormat(locale).format(value);
  const fillIn = (text: string, values: Readonly<Record<string, string>>): string => split(text, values).join('');
  return {
    language,
    text: (key, ...given) => fillIn(textOf(table, key), given[0] ?? {}),
    pieces: (key, values) => split(textOf(table, key), values),
    count: (key, count) => {
      const forms = table[key];
      return fillIn(rules.select(count) === 'one' ? forms.one : forms.other, { count: number(count) });
    },
    number,
    bytes: (value) => formatSize(value, locale),
    percent: (part) => new Intl.NumberFormat(locale, { style: 'percent' }).format(part),
    ago: (time, now = Date.now()) => formatAgo(Date.parse(time) - now, locale, table.justNow),
    moment: (time) => formatDate(time, locale, { dateStyle: 'long', timeStyle: 'short' }),
    shortMoment: (time) => formatDate(time, locale, { dateStyle: 'medium', timeStyle: 'short' }),
    duration: (ms) => formatLength(ms, locale),
    list: (parts) => new Intl.ListFormat(locale, { type: 'conjunction' }).format(parts),
  };
}

function textOf(table: Translation<Table>, key: TextKey): string {
  return table[key];
}

function split<Value>(text: string, values: Readonly<Record<string, Value>>): (string | Value)[] {
  return text
    .split(/\{(\w+)\}/)
    .map((piece, index) => (index % 2 === 0 ? piece : (values[piece] ?? piece)))
    .filter((piece) => piece !== '');
}

function formatSize(bytes: number, locale: string): string {
  let value = bytes;
  let step = 0;
  while (value >= 999.5 && step < UNITS.length - 1) {
    value /= 1000;
    step += 1;
  }
  const digits = step === 0 || value >= 99.95 ? 0 : 1;
  const format = { maximumFractionDigits: digits, minimumFractionDigits: digits };
  if (step === 0) return `${new Intl.NumberFormat(locale, format).format(value)} B`;
  return new Intl.NumberFormat(locale, { ...format, style: 'unit', unit: UNITS[step], unitDisplay: 'short' }).format(
    value,
  );
}

/** A time that does not parse is shown as it came: better than none. */
function formatDate(time: string, locale: string, options: Intl.DateTimeFormatOptions): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : new Intl.DateTimeFormat(locale, options).format(date);
}

function formatAgo(ms: number, locale: string, justNow: string): string {
  if (Number.isNaN(ms)) return '';
  const seconds = ms / 1000;
  const [unit, length] = STEPS.find(([, step]) => Math.abs(seconds) >= step) ?? [];
  if (unit === undefined || length === undefined) return justNow;
  return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(Math.trunc(seconds / length), unit);
}

function formatLength(ms: number, locale: string): string {
  const seconds = ms / 1000;
  const [unit, value] =
    seconds < 55 ? (['second', Math.max(5, Math.ceil(seconds / 5) * 5)] as const) : inMinutesOrHours(seconds / 60);
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
}

function inMinutesOrHours(minutes: number): readonly ['minute' | 'hour', number] {
  return minutes < 59.5
    ? ['minute', Math.max(1, Math.round(minutes))]
    : ['hour', Math.max(1, Math.round(minutes / 60))];
}
