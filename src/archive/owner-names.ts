/**
 * Names of users and groups by their numbers: from /etc/passwd and /etc/group, and for others (LDAP and the like) from
 * `getent` where that is installed. '' for a number without a name, as restic stores it.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

type Database = 'passwd' | 'group';

const run = promisify(execFile);
const LOOKUP_MS = 10_000;
/** What a name that nobody answers for costs, only the first few pay. */
const MAX_LOOKUPS = 1000;

export class OwnerNames {
  readonly #users: Promise<Map<number, string>>;
  readonly #groups: Promise<Map<number, string>>;
  readonly #asked = new Map<string, Promise<string>>();

  constructor(platform: NodeJS.Platform = process.platform) {
    this.#users = platform === 'win32' ? Promise.resolve(new Map()) : readDatabase('/etc/passwd');
    this.#groups = platform === 'win32' ? Promise.resolve(new Map()) : readDatabase('/etc/group');
  }

  async user(uid: number): Promise<string> {
    return (await this.#users).get(uid) ?? this.#ask('passwd', uid);
  }

  async group(gid: number): Promise<string> {
    return (await this.#groups).get(gid) ?? this.#ask('group', gid);
  }

  #ask(database: Database, id: number): Promise<string> {
    const key = `${database} ${id}`;
    const known = this.#asked.get(key);
    if (known !== undefined) return known;
    const name = this.#asked.size >= MAX_LOOKUPS ? Promise.resolve('') : askSystem(database, id);
    this.#asked.set(key, name);
    return name;
  }
}

async function askSystem(database: Database, id: number): Promise<string> {
  try {
    const { stdout } = await run('getent', [database, String(id)], { timeout: LOOKUP_MS });
    return /^[^:\n]*/.exec(stdout)?.[0] ?? '';
  } catch {
    // Not installed, not known, or no answer: the number alone is stored.
    return '';
  }
}

/** Lines of "name:x:number:…"; the first one of a number counts. */
async function readDatabase(path: string): Promise<Map<number, string>> {
  const names = new Map<number, string>();
  const text = await readFile(path, 'utf8').catch(() => {
    // A system without the file has its names elsewhere, or none.
    return '';
  });
  for (const line of text.split('\n')) {
    const [name, , id] = line.split(':');
    if (!name || name.startsWith('#') || !id || !/^\d+$/.test(id)) continue;
    if (!names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}
