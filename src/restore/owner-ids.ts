/**
 * Numbers of users and groups by their names: from /etc/passwd and /etc/group, and for others (LDAP and the like) from
 * `getent` where that is installed.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

type Database = 'passwd' | 'group';

const run = promisify(execFile);
const LOOKUP_MS = 10_000;
/** What getent can be asked for: anything else would be an option, or another question. */
const NAME = /^[^\s:-][^\s:]*$/;

export class OwnerIds {
  readonly #known = new Map<string, Promise<number | undefined>>();
  readonly #files = new Map<Database, Promise<Map<string, number>>>();

  /** undefined for a name that this system does not have. */
  user(name: string): Promise<number | undefined> {
    return this.#find('passwd', name);
  }

  group(name: string): Promise<number | undefined> {
    return this.#find('group', name);
  }

  #find(database: Database, name: string): Promise<number | undefined> {
    const key = `${database} ${name}`;
    let found = this.#known.get(key);
    if (found === undefined) {
      found = this.#look(database, name);
      this.#known.set(key, found);
    }
    return found;
  }

  async #look(database: Database, name: string): Promise<number | undefined> {
    let file = this.#files.get(database);
    if (file === undefined) {
      file = readDatabase(`/etc/${database}`);
      this.#files.set(database, file);
    }
    return (await file).get(name) ?? askSystem(database, name);
  }
}

async function askSystem(database: Database, name: string): Promise<number | undefined> {
  if (!NAME.test(name)) return undefined;
  try {
    const { stdout } = await run('getent', [database, name], { timeout: LOOKUP_MS });
    return parseLine(stdout)?.id;
  } catch {
    // Not installed, not known, or no answer: the name means nothing here.
    return undefined;
  }
}

/** The first line of a name counts. */
async function readDatabase(path: string): Promise<Map<string, number>> {
  const ids = new Map<string, number>();
  const text = await readFile(path, 'utf8').catch(() => {
    // A system without the file has its names elsewhere, or none.
    return '';
  });
  for (const line of text.split('\n')) {
    const entry = parseLine(line);
    if (entry !== undefined && !ids.has(entry.name)) ids.set(entry.name, entry.id);
  }
  return ids;
}

/** "name:x:number:…". */
function parseLine(line: string): { readonly name: string; readonly id: number } | undefined {
  const [name, , id] = line.split(':');
  if (!name || name.startsWith('#') || !id || !/^\d+$/.test(id)) return undefined;
  return { name, id: Number(id) };
}
