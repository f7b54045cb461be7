/**
 * The file `config`: what a repository is. Sealed, never compressed.
 *     {"version":2,"id":"<64 hex>","chunker_polynomial":"25b468838dcb75"}
 * rustic adds members; those that decide where files are cut must be respected by every writer.
 */
import type { Bytes } from '../base/bytes.js';
import { utf8 } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import { isId } from '../base/ids.js';
import { JsonFields } from './json-fields.js';

export interface RepoConfig {
  readonly version: 1 | 2;
  /** 64 hex digits, random. */
  readonly id: string;
  /** Hex digits, lower case, of a polynomial of degree 53. That it is irreducible is checked where it is used. */
  readonly chunkerPolynomial: string;
  /** Set if foreign chunker settings forbid writing; says why. */
  readonly readOnlyReason?: string;
}

/** u64 in hex with its highest bit at 2^53; leading zeros are read and not written. */
const POLYNOMIAL = /^0{0,2}([23][0-9a-f]{13})$/;
const WHAT = "the repository's config";

/** Sizes that rustic may name, and the ones by which restic and this program cut. */
const CHUNK_SIZES: readonly (readonly [string, number])[] = [
  ['chunk_size', 1024 * 1024],
  ['chunk_min_size', 512 * 1024],
  ['chunk_max_size', 8 * 1024 * 1024],
];

export function encodeConfig(config: RepoConfig): Bytes {
  if (config.readOnlyReason !== undefined || !isId(config.id) || !POLYNOMIAL.test(config.chunkerPolynomial)) {
    throw new SyncError('internal', `${WHAT} cannot be written with the values given`);
  }
  const { version, id, chunkerPolynomial } = config;
  return utf8(JSON.stringify({ version, id, chunker_polynomial: chunkerPolynomial }));
}

/** Throws 'unsupported' for versions above 2 and rustic's hot repositories, 'damaged' for all else that is wrong. */
export function decodeConfig(plain: Bytes): RepoConfig {
  const fields = JsonFields.parse(plain, WHAT);
  const version = fields.need('version', fields.integer('version'));
  if (version > 2) {
    throw new SyncError(
      'unsupported',
      `the repository has format version ${version}; this program knows 1 and 2; update instance-sync`,
    );
  }
  if (version !== 1 && version !== 2) throw fields.damaged('version', String(version));
  if (fields.boolean('is_hot') === true) {
    const message = 'this is the hot part of a hot/cold repository of rustic; give the address of the cold part';
    throw new SyncError('unsupported', message);
  }
  const id = fields.need('id', fields.string('id'));
  if (!isId(id)) throw fields.damaged('id', 'not 64 hex digits');
  const polynomial = fields.need('chunker_polynomial', fields.string('chunker_polynomial')).toLowerCase();
  const chunkerPolynomial = POLYNOMIAL.exec(polynomial)?.[1];
  if (chunkerPolynomial === undefined) throw fields.damaged('chunker_polynomial', 'not a polynomial of degree 53');
  const config: RepoConfig = { version, id, chunkerPolynomial };
  const readOnlyReason = foreignChunker(fields);
  return readOnlyReason === undefined ? config : { ...config, readOnlyReason };
}

function foreignChunker(fields: JsonFields): string | undefined {
  const chunker = fields.string('chunker') ?? 'rabin';
  const foreign = chunker === 'rabin' ? [] : [`chunker ${chunker}`];
  for (const [name, ours] of CHUNK_SIZES) {
    const size = fields.integer(name) ?? ours;
    if (size !== ours) foreign.push(`${name} ${size}`);
  }
  if (foreign.length === 0) return undefined;
  return `the repository was set up to cut files in its own way (${foreign.join(', ')}); it can only be read`;
}
