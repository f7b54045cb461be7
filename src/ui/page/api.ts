/** What the page asks its server, by the protocol. Everything that can hang has an end. */
import type { Problem, Reads, Writes } from '../protocol.js';

/** A refusal, or no answer at all (code 'gone'). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

const READ_MS = 60_000;
/** Setting up asks a server several times; whoever waits sees that it works, and may leave. */
const WRITE_MS = 180_000;
const HEADERS: Readonly<Record<string, string>> = { 'content-type': 'application/json', 'x-instance-sync': '1' };

export function read<Name extends keyof Reads>(
  name: Name,
  input: Reads[Name]['in'],
  signal: AbortSignal,
): Promise<Reads[Name]['out']> {
  const query = new URLSearchParams(
    Object.entries(input as Readonly<Record<string, string | undefined>>).flatMap(given),
  );
  const text = query.toString();
  return call(`/api/${name}${text === '' ? '' : `?${text}`}`, { signal: limited(signal, READ_MS) });
}

export function write<Name extends keyof Writes>(
  name: Name,
  input: Writes[Name]['in'],
  signal?: AbortSignal,
): Promise<Writes[Name]['out']> {
  const body = JSON.stringify(input);
  return call(`/api/${name}`, { method: 'POST', headers: HEADERS, body, signal: limited(signal, WRITE_MS) });
}

/** The token of the address for a cookie; it works once. */
export async function openSession(token: string): Promise<void> {
  const body = JSON.stringify({ token });
  await call('/api/session', { method: 'POST', headers: HEADERS, body, signal: limited(undefined, READ_MS) });
}

/** Sent while the page goes away; nobody is left to hear of an error. */
export function sayBye(): void {
  fetch('/api/bye', { method: 'POST', headers: HEADERS, body: '{}', keepalive: true }).catch(() => undefined);
}

export function iconAddress(id: string): string {
  return `/api/icon?id=${encodeURIComponent(id)}`;
}

async function call<Answer>(address: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(address, { ...init, cache: 'no-store' }).catch((error: unknown) => {
    throw error instanceof DOMException ? error : new ApiError({ code: 'gone', message: String(error) });
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer as Answer;
  throw new ApiError(problemOf(answer) ?? { code: 'internal', message: `HTTP ${response.status}` });
}

function problemOf(answer: unknown): Problem | undefined {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return undefined;
  const { error } = answer;
  if (typeof error !== 'object' || error === null || !('code' in error) || !('message' in error)) return undefined;
  return { code: String(error.code), message: String(error.message) };
}

/** Whether the screen that asked has been left; nothing is to be said then. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** AbortSignal.any would be it, but the oldest browsers that this page is made for have no such thing. */
function limited(signal: AbortSignal | undefined, ms: number): AbortSignal {
  const limit = AbortSignal.timeout(ms);
  if (signal === undefined) return limit;
  const either = new AbortController();
  for (const one of [signal, limit]) {
    if (one.aborted) either.abort(one.reason);
    one.addEventListener('abort', () => either.abort(one.reason), { once: true, signal: either.signal });
  }
  return either.signal;
}

function given([key, value]: [string, string | undefined]): [string, string][] {
  return value === undefined ? [] : [[key, value]];
}
