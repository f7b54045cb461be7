/**
 * One value of a launcher's settings file, in its two dialects. Text here is bytes, one character each (latin1), so that
 * what is not touched stays as it is; values are Unicode.
 *   qt      what QSettings writes (Prism Launcher): "\"/usr/bin/node\" ...", \x escapes, lists with commas
 *   plain   MultiMC, PolyMC, Prism before 7: UTF-8 with \n, \t, \\ and \# as the only escapes, quotes are letters
 */

export type Dialect = 'qt' | 'plain';

const QT_LETTERS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '?': '?',
  "'": "'",
  '\\': '\\',
};
const QT_ESCAPES: ReadonlyMap<string, string> = new Map(
  Object.entries(QT_LETTERS)
    .filter(([letter]) => letter !== '?' && letter !== "'")
    .map(([letter, char]) => [char, `\\${letter}`]),
);
const PLAIN_LETTERS: Readonly<Record<string, string>> = { n: '\n', t: '\t' };

/** As the launcher reads it: a list of several has the value '' as one text. */
export function decodeValue(raw: string, dialect: Dialect): string {
  if (dialect === 'plain') return decodePlain(raw);
  const [only = '', ...others] = decodeList(raw);
  return others.length > 0 ? '' : fromVariant(only);
}

/** A text that both Qt 5 and Qt 6 read as `value`: everything but ASCII is escaped, and quotes are around it. */
export function encodeValue(value: string, dialect: Dialect): string {
  return dialect === 'plain' ? encodePlain(value) : encodeQt(value);
}

/** The items of a QStringList; one item for any other value. */
export function decodeList(raw: string): string[] {
  return new ListReader(raw).read();
}

function fromVariant(text: string): string {
  if (text.startsWith('@@')) return text.slice(1);
  return text === '@Invalid()' ? '' : text;
}

/** Up to what means something; a comma comes here only inside of quotes. */
const TEXT = /,|[^\\",]+/y;

/** The states of QSettings' own reader, quirks included: an unescaped quote vanishes, with the spaces after it. */
class ListReader {
  readonly #raw: string;
  readonly #items: string[] = [];
  #at = 0;
  #item = '';
  /** The item's length that trailing spaces are not cut below. */
  #keep = 0;
  #inQuotes = false;
  #wasQuoted = false;

  constructor(raw: string) {
    this.#raw = raw;
  }

  read(): string[] {
    this.#skipSpaces();
    while (this.#at < this.#raw.length) {
      const char = this.#raw[this.#at] ?? '';
      if (char === '\\') this.#readEscape();
      else if (char === '"') this.#readQuote();
      else if (char === ',' && !this.#inQuotes) this.#endItem();
      else this.#readText();
    }
    this.#finish();
    return this.#items;
  }

  #readText(): void {
    TEXT.lastIndex = this.#at;
    const [text = ''] = TEXT.exec(this.#raw) ?? [];
    this.#item += decodeUtf8(text);
    this.#at += text.length;
  }

  #readQuote(): void {
    this.#at += 1;
    this.#wasQuoted = true;
    this.#inQuotes = !this.#inQuotes;
    if (!this.#inQuotes) this.#skipSpaces();
  }

  #endItem(): void {
    this.#finish();
    this.#item = '';
    this.#keep = 0;
    this.#wasQuoted = false;
    this.#at += 1;
    this.#skipSpaces();
  }

  #finish(): void {
    const spaces = /[ \t]*$/.exec(this.#item)?.index ?? 0;
    this.#items.push(this.#wasQuoted ? this.#item : this.#item.slice(0, Math.max(this.#keep, spaces)));
  }

  #skipSpaces(): void {
    while (/^[ \t]$/.test(this.#raw[this.#at] ?? '')) this.#at += 1;
  }

  #readEscape(): void {
    const rest = this.#raw.slice(this.#at + 1, this.#at + 40);
    const [hex, digits] = /^x([0-9A-Fa-f]+)/.exec(rest) ?? [];
    const [octal] = /^[0-7]+/.exec(rest) ?? [];
    const [line] = /^(\r\n|\n\r|\r|\n)/.exec(rest) ?? [];
    const letter = rest[0] ?? '';
    if (hex !== undefined) this.#item += String.fromCharCode(Number.parseInt(digits ?? '', 16) & 0xffff);
    else if (octal !== undefined) this.#item += String.fromCharCode(Number.parseInt(octal, 8) & 0xffff);
    else if (line === undefined) this.#item += QT_LETTERS[letter] ?? '';
    this.#at += 1 + (hex ?? octal ?? line ?? letter).length;
    this.#keep = this.#item.length;
  }
}

function encodeQt(value: string): string {
  if (value === '') return '';
  let out = '"';
  let afterNumber = false;
  for (const char of value.startsWith('@') ? `@${value}` : value) {
    // A digit after \x41 would be taken for a part of it.
    const isDigit: boolean = afterNumber && /[0-9A-Fa-f]/.test(char);
    const plain: boolean = !isDigit && char >= ' ' && char <= '~';
    const known = QT_ESCAPES.get(char);
    afterNumber = known === undefined && !plain;
    out += known ?? (plain ? char : [...utf16Units(char)].map((unit) => `\\x${unit.toString(16)}`).join(''));
  }
  return `${out}"`;
}

function* utf16Units(char: string): Generator<number> {
  for (let i = 0; i < char.length; i++) yield char.charCodeAt(i);
}

function decodePlain(raw: string): string {
  // An escape character is ASCII, which is no part of a longer UTF-8 sequence.
  return decodeUtf8(raw.replace(/\\([\s\S]?)/g, (_, letter: string) => PLAIN_LETTERS[letter] ?? letter));
}

function encodePlain(value: string): string {
  const escaped = value.replace(/[\n\t\\#]/g, (char) => (char === '\n' ? '\\n' : char === '\t' ? '\\t' : `\\${char}`));
  return Buffer.from(escaped, 'utf8').toString('latin1');
}

/** Qt 5 wrote latin1 where nobody told it otherwise. */
function decodeUtf8(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') ? latin1 : text;
}
