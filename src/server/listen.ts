/** Addresses to listen on, TLS files, and what the system says when it cannot be. */
import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { errnoOf, ioError, SyncError } from '../base/errors.js';

export interface TlsFiles {
  /** PEM, with the chain. */
  readonly certFile: string;
  readonly keyFile: string;
}

export interface ListenAddress {
  /** Undefined: every interface. */
  readonly host: string | undefined;
  readonly port: number;
}

export const DEFAULT_LISTEN = '127.0.0.1:8000';

/** `host:port`, `[v6]:port`, or `:port` for every interface, as rest-server reads it. Throws 'usage'. */
export function parseListen(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]/\s]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new SyncError('usage', `cannot listen on ${JSON.stringify(text)}: give host:port, such as ${DEFAULT_LISTEN}`);
  }
  return { host: match[1] ?? (match[2] || undefined), port };
}

export async function createServer(tls: TlsFiles | undefined): Promise<Server> {
  if (tls === undefined) return createHttpServer();
  // One after the other, so that the same mistake always gets the same line.
  const cert = await readPem(tls.certFile);
  const key = await readPem(tls.keyFile);
  try {
    return createHttpsServer({ cert, key, minVersion: 'TLSv1.2' });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${tls.certFile} and ${tls.keyFile} are not a certificate and its key (PEM): ${reason}`;
    throw new SyncError('tls', message, { cause: error });
  }
}

/** Resolves when connections are accepted. Throws 'usage' if the address cannot be had. */
export async function listen(server: Server, { host, port }: ListenAddress): Promise<AddressInfo> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host, exclusive: true }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    throw listenError(error, `${host ?? ''}:${port}`);
  }
  const address = server.address();
  if (address === null || typeof address === 'string') throw new SyncError('internal', 'the server has no TCP address');
  return address;
}

/** The address under which a program on this machine reaches the server; ends with a slash. */
export function urlOf({ address, port }: AddressInfo, tls: boolean): string {
  const everywhere = address === '::' || address === '0.0.0.0';
  const host = everywhere ? '127.0.0.1' : address.includes(':') ? `[${address}]` : address;
  return `${tls ? 'https' : 'http'}://${host}:${port}/`;
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw ioError(error, 'cannot read', path);
  }
}

function listenError(error: unknown, where: string): SyncError {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program uses this port; choose another one',
    EACCES: 'the system does not allow this port; choose one above 1023',
    EADDRNOTAVAIL: 'this machine does not have this address',
    ENOTFOUND: 'no machine has this name',
  };
  const reason = reasons[errnoOf(error) ?? ''] ?? (error instanceof Error ? error.message : String(error));
  return new SyncError('usage', `cannot listen on ${where}: ${reason}`, { cause: error });
}
