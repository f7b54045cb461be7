/**
 * Reading the small JSON files of `.cloud-sync`. Every complaint is one line that names the file, what is wrong with
 * it and what to do. Hand-written rather than zod: these checks run before each launch of the game, also in instances
 * that are not synchronised, and must cost no import.
 */
import { fromUtf8 } from '../../base/bytes.js';
import { errnoOf, ioError, SyncError } from '../../base/errors.js';
import type { FsOps } from '../swap/fs-ops.js';

/** Far above any of these files; a larger one is not ours. */
const LARGEST = 16 * 1024 * 1024;

export type JsonObject = Readonly<Record<string, unknown>>;

/** Undefined if the file is missing. Throws 'bad-settings' if it is not a JSON object; `todo` ends the message. */
export async function readJsonFile(fs: FsOps, path: string, todo: string): Promise<JsonObject | undefined> {
  const bytes = await fs.readFile(path).catch((error: unknown) => {
    if (errnoOf(error) === 'EISDIR') throw isFolder(path, error);
    throw ioError(error, 'cannot read', path);
  });
  if (bytes === undefined) return undefined;
  if (bytes.length > LARGEST) throw badSettings(path, `is ${bytes.length} bytes long`, todo);
  return parseJsonObject(fromUtf8(bytes), path, todo);
}

/** Not 'bad-settings': it could not be written anew either. */
function isFolder(path: string, cause: unknown): SyncError {
  return new SyncError('io', `${path} is a folder where a file belongs; move it away`, { cause, details: { path } });
}

export function parseJsonObject(text: string, path: string, todo: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (cause) {
    throw badSettings(path, 'is not JSON', todo, cause);
  }
  if (!isJsonObject(value)) throw badSettings(path, 'is not a JSON object', todo);
  return value;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isStringArray(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** Throws 'bad-settings' unless `schema` is `known`; a greater one asks for an update of the program. */
export function checkSchema(object: JsonObject, known: number, path: string, todo: string): void {
  const schema = object['schema'];
  if (schema === known) return;
  if (typeof schema === 'number' && Number.isInteger(schema) && schema > known) {
    const found = `has schema ${schema}, this program knows schemas up to ${known}`;
    throw badSettings(path, found, 'update instance-sync');
  }
  throw badSettings(path, `has schema ${show(schema)}, expected ${known}`, todo);
}

export function badSettings(path: string, found: string, todo: string, cause?: unknown): SyncError {
  return new SyncError('bad-settings', `${path} ${found}; ${todo}`, { cause, details: { path } });
}

/** A value for a message: short, on one line. */
export function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 80);
}
