/** One function for each thing a route can name; each turns a request into a reply and knows nothing of sockets. */
import type { FileType } from '../backend/backend.js';
import { parseRange } from './ranges.js';
import { errorReply, type Headers, OK, type Reply, statusReply } from './reply.js';
import type { ListedType, Route } from './routes.js';
import type { FileAddress, Storage, Upload } from './storage.js';

export interface ServerRequest {
  readonly method: string;
  readonly create: boolean;
  readonly accept: string | undefined;
  /** The Range header, unless an If-Range (no file here has a validator) makes it void. */
  readonly range: string | undefined;
  readonly upload: Upload;
}

export interface HandlerContext {
  readonly storage: Storage;
  /** Nothing but locks can be removed. (Nothing at all can be replaced, in either mode.) */
  readonly appendOnly: boolean;
}

const LIST_V1 = 'application/vnd.x.restic.rest.v1';
const LIST_V2 = 'application/vnd.x.restic.rest.v2';
const BINARY: Headers = { 'Content-Type': 'application/octet-stream', 'X-Content-Type-Options': 'nosniff' };

export async function handle(route: Route, request: ServerRequest, context: HandlerContext): Promise<Reply> {
  try {
    switch (route.kind) {
      case 'repository':
        return await handleRepository(route.folder, request, context);
      case 'list':
        return await handleList(route.folder, route.type, request, context);
      case 'config':
        return await handleFile({ folder: route.folder, type: 'config', name: '' }, request, context);
      case 'file':
        return await handleFile(route, request, context);
      case 'redirect':
        return { status: 301, headers: { Location: route.location } };
      case 'nothing':
        return statusReply(404);
      case 'malformed':
        return statusReply(400);
    }
  } catch (error) {
    return errorReply(error);
  }
}

async function handleRepository(
  folder: readonly string[],
  { method, create }: ServerRequest,
  { storage }: HandlerContext,
): Promise<Reply> {
  if (method !== 'POST') return statusReply(405, { Allow: 'POST' });
  if (!create) return statusReply(400);
  await storage.create(folder);
  return OK;
}

async function handleList(
  folder: readonly string[],
  type: ListedType,
  { method, accept }: ServerRequest,
  { storage }: HandlerContext,
): Promise<Reply> {
  if (method !== 'GET') return statusReply(405, { Allow: 'GET' });
  const withSizes = accept === LIST_V2;
  const files = await storage.list(folder, type, withSizes);
  if (files === undefined) return statusReply(404);
  const items = files.map(({ name, size }) => (withSizes ? `{"name":"${name}","size":${size}}` : `"${name}"`));
  return { status: 200, headers: { 'Content-Type': withSizes ? LIST_V2 : LIST_V1 }, body: `[${items.join(',')}]` };
}

async function handleFile(address: FileAddress, request: ServerRequest, context: HandlerContext): Promise<Reply> {
  const { storage, appendOnly } = context;
  switch (request.method) {
    case 'HEAD': {
      const size = await storage.size(address);
      return size === undefined ? statusReply(404) : { status: 200, headers: { 'Content-Length': String(size) } };
    }
    case 'GET':
      return download(address, request.range, storage);
    case 'POST':
      await storage.write(address, request.upload);
      return OK;
    case 'DELETE':
      if (appendOnly && !mayAlwaysGo(address.type)) return statusReply(403);
      await storage.remove(address);
      return OK;
    default:
      return statusReply(405, { Allow: 'HEAD, GET, POST, DELETE' });
  }
}

/** A writer must be able to give back its lock, or the next one would find the repository locked. */
function mayAlwaysGo(type: FileType): boolean {
  return type === 'locks';
}

/** The config is always sent whole, as rest-server does. */
async function download(address: FileAddress, range: string | undefined, storage: Storage): Promise<Reply> {
  const file = await storage.open(address);
  if (file === undefined) return statusReply(404);
  const { handle, size } = file;
  const answer = parseRange(address.type === 'config' ? undefined : range, size);
  const accepts: Headers = address.type === 'config' ? BINARY : { ...BINARY, 'Accept-Ranges': 'bytes' };
  switch (answer.kind) {
    case 'whole':
      return { status: 200, headers: accepts, body: { handle, start: 0, length: size } };
    case 'part': {
      const { start, length } = answer;
      const headers = { ...accepts, 'Content-Range': `bytes ${start}-${start + length - 1}/${size}` };
      return { status: 206, headers, body: { handle, start, length } };
    }
    case 'unsatisfiable':
      await handle.close();
      return statusReply(416, { 'Content-Range': `bytes */${size}` });
    case 'malformed':
      await handle.close();
      return statusReply(416);
  }
}
