/**
 * restic-ts as a program of its own, behind a gate: a proxy in front of a REST server that lets every request pass until
 * one arrives that a test is waiting for, so that the program can be killed at an exact moment.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, IncomingMessage, request, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { z } from 'zod';
import { bundleProgram } from '../../scripts/bundle.mjs';
import type { Place } from '../helpers/both-programs.js';
import { PASSWORD } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';

/** How to start the one file that `npm run build` makes, made anew in a folder of its own. */
export async function buildProgram(): Promise<readonly [string, string]> {
  const outfile = join(tempFolder(), 'restic-ts.mjs');
  await bundleProgram({ name: 'restic-ts', entry: 'src/cli/restic/main.ts', outfile });
  return [process.execPath, outfile];
}

export interface Ended {
  /** Its exit code, or the signal that ended it. */
  readonly end: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly done: Promise<Ended>;
}

/** `program` is a path, with arguments before those of the command if need be. Its standard input stays open. */
export function startProcess(
  program: readonly [string, ...string[]],
  { repo, cache }: Place,
  args: readonly string[],
  cwd: string,
): Started {
  const [file, ...first] = program;
  const { PATH, HOME } = process.env;
  const child = spawn(file, [...first, ...args], {
    cwd,
    env: { PATH, HOME, RESTIC_REPOSITORY: repo, RESTIC_PASSWORD: PASSWORD, RESTIC_CACHE_DIR: cache },
    timeout: 60_000,
    killSignal: 'SIGKILL',
    stdio: 'pipe',
  });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (texts.stdout += chunk));
  child.stderr.on('data', (chunk) => (texts.stderr += chunk));
  const done = once(child, 'close').then(([code, signal]) => ({ end: code ?? signal, ...texts }));
  return { child, done };
}

export interface Moment {
  /** Of a request: "POST /data/", "DELETE /index/". */
  readonly at: string;
  /** Which one of these; the first unless given. */
  readonly nth?: number;
  /** Whether the server has carried it out by then. */
  readonly done: boolean;
}

export interface Gate {
  readonly url: string;
  /** Calls `act` once at that moment. An answer to that request is given only where `act` says so. */
  arm(moment: Moment, act: () => 'answer' | 'silence'): void;
  close(): void;
}

/** A proxy for the REST server at `target`. */
export async function startGate(target: string): Promise<Gate> {
  let armed: { moment: Moment; act: () => 'answer' | 'silence'; left: number } | undefined;

  const isIt = ({ method, url = '' }: IncomingMessage): boolean => {
    if (armed === undefined) return false;
    const [wanted, kind = ''] = armed.moment.at.split(' ');
    if (method !== wanted || !url.includes(kind)) return false;
    armed.left -= 1;
    return armed.left === 0;
  };

  const pass = async (from: IncomingMessage, to: ServerResponse): Promise<void> => {
    const moment = isIt(from) ? armed : undefined;
    if (moment?.moment.done === false && moment.act() === 'silence') return;
    const { method, headers } = from;
    const forward = request(new URL(from.url ?? '', target), { method, headers });
    from.pipe(forward);
    const answer = z.instanceof(IncomingMessage).parse((await once(forward, 'response'))[0]);
    if (moment?.moment.done === true && moment.act() === 'silence') return;
    to.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(to);
  };

  const server = createServer((from, to) => {
    // Whoever is killed in the middle of a request is what the tests are about.
    for (const stream of [from, to]) stream.on('error', () => undefined);
    pass(from, to).catch(() => to.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return {
    url: `http://127.0.0.1:${port}/`,
    arm: (moment, act) => (armed = { moment, act, left: moment.nth ?? 1 }),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
