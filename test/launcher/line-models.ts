/**
 * How launchers take a line apart, each rule as a small function of its own: what is given to the system as program and
 * arguments. Variables are replaced as each of them does it.
 */
import { execFileSync } from 'node:child_process';

export type Env = Readonly<Record<string, string>>;
/** Undefined: the launcher refuses the line. */
export type Model = (line: string, env: Env) => string[] | undefined;

/** Prism up to 9: apart first, then each variable's name is replaced in each argument. */
export const prism9: Model = (line, env) => splitCommand(line).map((arg) => replaceNames(arg, env));

/** Prism 10 and 11: variables in the whole line, then apart. */
export const prism10: Model = (line, env) => splitCommand(expandWords(line, env));

/** Prism after that: apart by other rules, then variables in each argument. */
export const prism12: Model = (line, env) => splitArgs(line).map((arg) => expandWords(arg, env));

/** MultiMC: names in the whole line, then apart. */
export const multimc: Model = (line, env) => splitCommand(replaceNames(line, env));

/** The wrapper command of Prism up to 9 and of MultiMC: no variables. */
export const wrapper: Model = (line) => splitArgs(line);

/** ATLauncher on Windows: Java cuts at blanks and joins by single ones, then the program's own runtime takes it apart. */
export const javaOnWindows: Model = (line) =>
  splitWindows(
    line
      .split(/[ \t\n\r\f]+/)
      .join(' ')
      .trim(),
  );

/** Modrinth: words after `$`, then Python's rules. */
export const modrinth: Model = (line, env) => shlex(expandWords(line, env));

export const hmcl: Model = (line, env) => tokenize(line, env);

/** ATLauncher on Linux and macOS: the real /bin/sh. */
export const shell: Model = (line) => {
  try {
    const print = `print() { for a in "$@"; do printf '%s\\0' "$a"; done; }\nprint ${line}`;
    const out = execFileSync('/bin/sh', ['-c', print], {
      env: { LC_ALL: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return out.toString('utf8').split('\0').slice(0, -1);
  } catch {
    // A syntax error: sh runs nothing.
    return undefined;
  }
};

/** Three quotes in a row are one; blanks outside of quotes part. */
function splitCommand(line: string): string[] {
  const args: string[] = [];
  let current = '';
  let inQuotes = false;
  for (const [part] of line.matchAll(/"+|[^"]/gu)) {
    if (part.startsWith('"')) {
      current += '"'.repeat(Math.floor(part.length / 3));
      if (part.length % 3 === 1) inQuotes = !inQuotes;
    } else if (!inQuotes && /\s/u.test(part)) {
      if (current !== '') args.push(current);
      current = '';
    } else current += part;
  }
  return current === '' ? args : [...args, current];
}

/** Both kinds of quotes; a backslash in them hides the next letter. */
function splitArgs(line: string): string[] {
  const args: string[] = [];
  let current = '';
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const char = line[i] ?? '';
    if (quote !== '') {
      if (char === '\\') current += line[++i] ?? '';
      else if (char === quote) quote = '';
      else current += char;
    } else if (char === ' ') {
      if (current !== '') args.push(current);
      current = '';
    } else if (char === '"' || char === "'") quote = char;
    else current += char;
  }
  return current === '' ? args : [...args, current];
}

function replaceNames(text: string, env: Env): string {
  return Object.entries(env).reduce((out, [name, value]) => out.replaceAll(`$${name}`, () => value), text);
}

function expandWords(text: string, env: Env): string {
  return text.replace(/\$(?:\{([^}]*)\}|([\p{L}\p{N}_]+))/gu, (whole, braced?: string, bare?: string) => {
    return env[braced ?? bare ?? ''] || whole;
  });
}

/** The rules of Microsoft's runtime: backslashes count only before a quote. */
function splitWindows(line: string): string[] {
  const args: string[] = [];
  let current: string | undefined;
  let inQuotes = false;
  for (let i = 0; i < line.length; i++) {
    const slashes = /^\\*/.exec(line.slice(i))?.[0].length ?? 0;
    if (slashes > 0) {
      const isBefore = line[i + slashes] === '"';
      current = (current ?? '') + '\\'.repeat(isBefore ? Math.floor(slashes / 2) : slashes);
      i += slashes - 1;
      if (isBefore && slashes % 2 === 1) {
        current += '"';
        i += 1;
      }
    } else if (line[i] === '"') {
      inQuotes = !inQuotes;
      current ??= '';
    } else if (!inQuotes && /[ \t]/.test(line[i] ?? '')) {
      if (current !== undefined) args.push(current);
      current = undefined;
    } else current = (current ?? '') + (line[i] ?? '');
  }
  return current === undefined ? args : [...args, current];
}

/** A shell's words without its expansions; undefined for a quote that is not closed. */
function shlex(line: string): string[] | undefined {
  const args: string[] = [];
  let current: string | undefined;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const char = line[i] ?? '';
    if (quote === "'") {
      if (char === quote) quote = '';
      else current = (current ?? '') + char;
    } else if (quote === '"') {
      if (char === quote) quote = '';
      else if (char === '\\' && /[$`"\\\n]/.test(line[i + 1] ?? '')) current = (current ?? '') + (line[++i] ?? '');
      else current = (current ?? '') + char;
    } else if (char === '\\') current = (current ?? '') + (line[++i] ?? '');
    else if (char === '"' || char === "'") {
      quote = char;
      current ??= '';
    } else if (/[ \t\n]/.test(char)) {
      if (current !== undefined) args.push(current);
      current = undefined;
    } else current = (current ?? '') + char;
  }
  if (quote !== '') return undefined;
  return current === undefined ? args : [...args, current];
}

/** A backtick hides the next letter in double quotes; variables count there, not in single ones. */
function tokenize(line: string, env: Env): string[] {
  const args: string[] = [];
  let current: string | undefined;
  const word = /^\$([A-Za-z_][A-Za-z0-9_]*)/;
  for (let rest = line; rest !== ''; ) {
    const single = /^'([^']*)'?/.exec(rest);
    const double = /^"((?:`[\s\S]|[^"`])*)"?/.exec(rest);
    const variable = word.exec(rest);
    if (single !== null) current = (current ?? '') + (single[1] ?? '');
    else if (double !== null) {
      const inside = (double[1] ?? '').replace(/`([\s\S])/g, '$1');
      current =
        (current ?? '') + inside.replace(/\$([A-Za-z_][A-Za-z0-9_]*)/g, (all, name: string) => env[name] ?? all);
    } else if (variable !== null) current = (current ?? '') + (env[variable[1] ?? ''] ?? variable[0]);
    else if (rest.startsWith(' ')) {
      if (current !== undefined) args.push(current);
      current = undefined;
    } else current = (current ?? '') + (rest[0] ?? '');
    rest = rest.slice((single ?? double ?? variable)?.[0].length ?? 1);
  }
  return current === undefined ? args : [...args, current];
}
