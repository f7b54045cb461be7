/** The body of a write: JSON, and little of it. */
import type { IncomingMessage } from 'node:http';
import { type Reply, refusal } from './reply.js';

export type Body = { readonly value: unknown } | { readonly refused: Reply };

/** `limit` in bytes. Rejects only if the connection breaks. */
export async function readJson(request: IncomingMessage, limit: number): Promise<Body> {
  // A form of another page can send three types without being asked; this is none of them.
  if (!/^application\/json *(;|$)/i.test(request.headers['content-type'] ?? '')) {
    return { refused: refusal(415, 'usage', 'a request must be application/json') };
  }
  const chunks: Buffer[] = [];
  let size = 0;
  // Who stops reading must not break the connection, for the answer still goes over it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) {
      request.resume();
      return { refused: refusal(413, 'usage', 'the request is too large', { Connection: 'close' }) };
    }
    chunks.push(chunk);
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { refused: refusal(400, 'usage', 'the request is no JSON') };
  }
}
