/** Small helpers on byte arrays; no I/O, no state. */

export type Bytes = Uint8Array;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

/** Decodes UTF-8; invalid bytes become U+FFFD. */
export function fromUtf8(bytes: Bytes): string {
  return decoder.decode(bytes);
}

export function toHex(bytes: Bytes): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** `hex` must hold an even number of hex digits. */
export function fromHex(hex: string): Bytes {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

export function toBase64(bytes: Bytes): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

export function fromBase64(text: string): Bytes {
  return new Uint8Array(Buffer.from(text, 'base64'));
}

export function concatBytes(parts: readonly Bytes[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function equalBytes(a: Bytes, b: Bytes): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Order of unsigned bytes: negative, 0 or positive. */
export function compareBytes(a: Bytes, b: Bytes): number {
  return Buffer.compare(a, b);
}

const transfer: unknown = Reflect.get(ArrayBuffer.prototype, 'transfer');

/**
 * Frees memory that nobody needs any more, if the bytes are all of their buffer. The garbage collector comes late for
 * what lies outside its heap: 64 KiB pieces made and dropped cost 70 MB of each thread, and half of the time of what
 * makes them, since each comes in new memory (node 24). Before node 22 it is left to the collector.
 */
export function discard(bytes: Bytes): void {
  const { buffer } = bytes;
  if (typeof transfer === 'function' && bytes.length === buffer.byteLength) Reflect.apply(transfer, buffer, [0]);
}
