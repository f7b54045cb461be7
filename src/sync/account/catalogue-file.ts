/**
 * The catalogue's one file, `catalogue.json`:
 *   {"schema":1,
 *    "instances":[{"id","label","made","host","changed","minecraft"}, …],
 *    "recovery_codes":[{"name","code"}, …]}
 * Keys that this program does not know are kept. Two PCs may write at the same moment; the two files are then read as
 * one, and the next writer makes them one. Nothing is ever lost by that: entries are only added or take the place of
 * an earlier one of the same id.
 */
import type { Bytes } from '../../base/bytes.js';
import { fromUtf8, utf8 } from '../../base/bytes.js';
import { isSyncError, SyncError } from '../../base/errors.js';
import { checkInstanceId } from '../folder/instance.js';
import type { JsonObject } from '../folder/json-file.js';
import { isJsonObject, parseJsonObject } from '../folder/json-file.js';

const SCHEMA = 1;

export interface KnownInstance {
  /** ULID. */
  readonly id: string;
  /** Text of a player: anything may be in it. */
  readonly label: string;
  /** RFC 3339, in UTC: when it was entered first. */
  readonly made: string;
  /** The PC that entered it first. */
  readonly host: string;
  /** RFC 3339, in UTC: when the entry was last changed. */
  readonly changed: string;
  /** "1.21.1" */
  readonly minecraft?: string;
}

/** A recovery code, and the name that its keys carry, so that a key made with it is known without trying it. */
export interface RecoveryKey {
  /** 8 hex digits, drawn by lot. */
  readonly name: string;
  readonly code: string;
}

/** An entry with what a newer program added to it. */
export interface CatalogueEntry extends KnownInstance {
  readonly extra: JsonObject;
}

export interface CatalogueContent {
  readonly instances: ReadonlyMap<string, CatalogueEntry>;
  /** One; more only if two PCs made the first at the same moment. */
  readonly codes: readonly RecoveryKey[];
  readonly extra: JsonObject;
}

export const EMPTY_CATALOGUE: CatalogueContent = { instances: new Map(), codes: [], extra: {} };

export function encodeCatalogue({ instances, codes, extra }: CatalogueContent): Bytes {
  const sorted = [...instances.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const entries = sorted.map(({ extra: more, ...entry }) => ({ ...more, ...entry }));
  return utf8(`${JSON.stringify({ ...extra, schema: SCHEMA, instances: entries, recovery_codes: codes }, null, 2)}\n`);
}

/** Throws 'damaged' for what is no catalogue, 'unsupported' for a newer one. An entry that is broken is passed over. */
export function decodeCatalogue(bytes: Bytes, what: string): CatalogueContent {
  const object = parse(bytes, what);
  const { schema, instances, recovery_codes: codes, ...extra } = object;
  if (typeof schema === 'number' && schema > SCHEMA) {
    const found = `has schema ${schema}, this program knows schemas up to ${SCHEMA}`;
    throw new SyncError('unsupported', `${what} ${found}; update instance-sync`);
  }
  if (schema !== SCHEMA || !Array.isArray(instances)) throw new SyncError('damaged', `${what} is no catalogue`);
  const entries = instances.flatMap((one: unknown) => decodeEntry(one) ?? []);
  const keys = Array.isArray(codes) ? codes.flatMap((one: unknown) => decodeKey(one) ?? []) : [];
  return { instances: new Map(entries.map((entry) => [entry.id, entry])), codes: keys, extra };
}

function parse(bytes: Bytes, what: string): JsonObject {
  try {
    return parseJsonObject(fromUtf8(bytes), what, 'it is no catalogue');
  } catch (cause) {
    throw new SyncError('damaged', `${what} is no catalogue`, { cause });
  }
}

function decodeEntry(value: unknown): CatalogueEntry | undefined {
  if (!isJsonObject(value)) return undefined;
  const { id, label, made, host, changed, minecraft, ...extra } = value;
  if (typeof id !== 'string' || typeof label !== 'string' || !isInstanceId(id)) return undefined;
  const text = (one: unknown): string => (typeof one === 'string' ? one : '');
  const entry = { id, label, made: text(made), host: text(host), changed: text(changed), extra };
  return typeof minecraft === 'string' ? { ...entry, minecraft } : entry;
}

function isInstanceId(text: string): boolean {
  try {
    return checkInstanceId(text).length === text.length;
  } catch (error) {
    if (isSyncError(error, 'usage')) return false;
    throw error;
  }
}

function decodeKey(value: unknown): RecoveryKey | undefined {
  if (!isJsonObject(value)) return undefined;
  const { name, code } = value;
  return typeof name === 'string' && typeof code === 'string' ? { name, code } : undefined;
}

/** What two PCs wrote at the same moment, as one. Gives the same whatever their order. */
export function uniteCatalogues(contents: readonly CatalogueContent[]): CatalogueContent {
  const instances = new Map<string, CatalogueEntry>();
  const codes = new Map<string, RecoveryKey>();
  let extra: JsonObject = {};
  for (const content of contents) {
    extra = { ...extra, ...content.extra };
    for (const key of content.codes) codes.set(`${key.name} ${key.code}`, key);
    for (const entry of content.instances.values()) {
      const other = instances.get(entry.id);
      if (other === undefined || isLater(entry, other)) instances.set(entry.id, entry);
    }
  }
  const sorted = [...codes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
  return { instances, codes: sorted, extra };
}

/** By the clock, which may be wrong; what is at stake is which of two labels is shown. */
function isLater(a: CatalogueEntry, b: CatalogueEntry): boolean {
  return a.changed === b.changed ? JSON.stringify(a) > JSON.stringify(b) : a.changed > b.changed;
}
