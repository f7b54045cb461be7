/** `serve`: the embedded REST server, until it is interrupted. */
import { createWriteStream, openSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { ioError } from '../../base/errors.js';
import type { AccessLogEntry, ServerOptions } from '../../index.js';
import { SyncError, startServer } from '../../index.js';
import type { Console } from '../../ui/console.js';
import { toAscii } from '../../ui/format.js';
import { untilInterrupted } from '../interrupt.js';
import { runCommand } from './local-commands.js';

export interface ServeFlags {
  readonly path: string;
  readonly listen: string;
  readonly appendOnly?: boolean;
  readonly privateRepos?: boolean;
  readonly htpasswdFile?: string;
  /** False with --no-auth. */
  readonly auth: boolean;
  readonly maxSize?: string;
  readonly tls?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly log?: string;
  readonly json?: boolean;
}

export async function runServe(flags: ServeFlags): Promise<number> {
  return runCommand(flags.json, (console) =>
    untilInterrupted(async (signal) => {
      const options = toOptions(flags);
      const log = openLog(flags.log, console);
      const onRequest = (entry: AccessLogEntry): void => {
        log.write(`${logLine(entry)}\n`);
      };
      const server = await startServer({ ...options, ...(flags.log === undefined ? {} : { onRequest }) });
      const modes = [
        flags.appendOnly ? 'append-only' : '',
        flags.privateRepos ? 'private repositories' : '',
        flags.auth ? '' : 'no authentication',
      ];
      const told = modes.filter((mode) => mode !== '').join(', ');
      console.object({ message_type: 'listening', url: server.url, path: flags.path });
      console.line('info', `serving ${flags.path} on ${server.url}${told === '' ? '' : ` (${told})`}`);
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      await server.close();
      return 0;
    }, 'ends'),
  );
}

function openLog(file: string | undefined, console: Console): Writable {
  if (file === undefined || file === '-') return process.stdout;
  let descriptor: number;
  try {
    descriptor = openSync(file, 'a');
  } catch (error) {
    throw ioError(error, 'cannot write the log', file);
  }
  const stream = createWriteStream(file, { fd: descriptor });
  stream.once('error', (error) => {
    console.line('warning', `the log ${file} ends here, the server goes on: ${error.message}`);
    stream.on('error', () => undefined);
  });
  return stream;
}

function toOptions(flags: ServeFlags): ServerOptions {
  return {
    path: flags.path,
    listen: flags.listen,
    appendOnly: flags.appendOnly === true,
    privateRepos: flags.privateRepos === true,
    noAuth: !flags.auth,
    ...(flags.htpasswdFile === undefined ? {} : { htpasswdFile: flags.htpasswdFile }),
    ...(flags.maxSize === undefined ? {} : { maxSize: parseSize(flags.maxSize) }),
    ...tlsFiles(flags),
  };
}

function tlsFiles(flags: ServeFlags): Pick<ServerOptions, 'tls'> {
  if (flags.tls !== true) return {};
  const { tlsCert: certFile = `${flags.path}/public_key`, tlsKey: keyFile = `${flags.path}/private_key` } = flags;
  return { tls: { certFile, keyFile } };
}

function parseSize(text: string): number {
  const bytes = Number(text);
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new SyncError('usage', `--max-size ${JSON.stringify(text)} is no number of bytes above zero`);
}

function logLine(entry: AccessLogEntry): string {
  const { method, path, status, user, bytes, ms } = entry;
  return toAscii(`${new Date().toISOString()} ${user || '-'} ${method} ${path} ${status} ${bytes} ${Math.round(ms)}ms`);
}
