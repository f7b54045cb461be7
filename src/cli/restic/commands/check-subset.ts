/** The value of --read-data-subset: "2/5", "2.5%", "50M". */
import { SyncError } from '../../../base/errors.js';
import type { ReadData } from '../../../maintain/check.js';
import { parseSize } from '../parse.js';

const FLAG = 'check flag --read-data-subset';
/** Buckets are told apart by the first byte of a pack's id. */
const MAX_BUCKETS = 256;

/** Throws 'usage'. */
export function parseSubset(text: string): ReadData {
  const [, bucket, total] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (bucket !== undefined) return bucketOf(Number(bucket), Number(total));
  if (text.endsWith('%')) return percentOf(text.slice(0, -1));
  if (/^\d+[kmgt]$/i.test(text)) return bytesOf(text);
  throw new SyncError('usage', `${FLAG} has invalid value, please see documentation`);
}

function bucketOf(bucket: number, total: number): ReadData {
  if (bucket < 1 || bucket > total) {
    throw new SyncError(
      'usage',
      `${FLAG}=n/t values must be positive integers, and n <= t, e.g. --read-data-subset=1/2`,
    );
  }
  if (total > MAX_BUCKETS) throw new SyncError('usage', `${FLAG}=n/t t must be at most ${MAX_BUCKETS}`);
  return { bucket, total };
}

function percentOf(text: string): ReadData {
  const percent = /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (percent > 0 && percent <= 100) return { percent };
  throw new SyncError('usage', `${FLAG}=x% x must be above 0.0% and at most 100.0%`);
}

function bytesOf(text: string): ReadData {
  const bytes = parseSize(text);
  if (bytes === 0) throw new SyncError('usage', `${FLAG}=n n must be above 0`);
  return { bytes };
}
