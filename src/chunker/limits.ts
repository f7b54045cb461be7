/** The chunk sizes of the format; they are part of where cuts fall and cannot be changed. */

export const MIN_CHUNK: number = 512 * 1024;
export const MAX_CHUNK: number = 8 * 1024 * 1024;

/** A cut falls where these bits of the fingerprint are zero: one place in 2^20 of random data. */
export const SPLIT_MASK: number = (1 << 20) - 1;
