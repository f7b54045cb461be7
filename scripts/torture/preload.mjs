/**
 * Loaded into the hook (`node --import <this file> instance-sync.mjs push`), it numbers every call to the file system
 * and every step of every request, and ends the process at one of them:
 *   TORTURE_POINT  the number to die at; 0 lives on, and TORTURE_LOG gets the list of all points at the end
 *   TORTURE_LOG    a file; gets the name of the point that it died at
 *   TORTURE_POWER  '1': not a kill but a power cut: files with bytes that were never fsynced are empty afterwards
 * A call is a point before it begins; one that writes is another one half way through.
 */
import { subscribe } from 'node:diagnostics_channel';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const { TORTURE_POINT = '0', TORTURE_LOG: log = '', TORTURE_POWER } = process.env;
const wanted = Number(TORTURE_POINT);
/** Taken before anything is wrapped: what is done here is no point. */
const { writeFileSync, writeSync, truncateSync, readdirSync, unlinkSync } = fs;
const { open } = fs.promises;

const points = [];
let count = 0;
/** Paths of files with bytes that no fsync has made durable. */
const unsynced = new Set();
/** FileHandle -> path */
const paths = new WeakMap();

/** A path below the game folder, without what differs from run to run. */
function plain(path) {
  const inside = path.replaceAll('\\', '/').replace(/^.*\/minecraft(\/|$)/, '');
  return inside.replace(/[0-9a-f]{12,64}|\d{8}T\d{6}Z/g, '#') || '.';
}

/** `half` does half of the call's work. */
function point(call, what, half) {
  meet(() => `${call} ${plain(what)}`);
  if (half !== undefined) meet(() => `${call} ${plain(what)}, half way`, half);
}

function meet(name, before) {
  count += 1;
  if (wanted === 0) points.push({ name: name(), unsynced: [...unsynced].map(plain).sort() });
  else if (count === wanted) die(name(), before);
}

function die(name, before) {
  try {
    before?.();
  } catch {
    // Then the call would have failed: it has done nothing when the process ends.
  }
  for (const path of TORTURE_POWER === '1' ? unsynced : []) {
    try {
      truncateSync(path, 0);
    } catch {
      // Removed since.
    }
  }
  writeFileSync(log, JSON.stringify({ name }));
  process.kill(process.pid, 'SIGKILL');
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const text = (path) => (Buffer.isBuffer(path) ? path.toString() : String(path));
const halfOf = (data) => {
  const bytes =
    typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return bytes.subarray(0, bytes.length >> 1);
};

/** What half of a call leaves behind, for those that write in several steps. */
const HALVES = {
  writeFile: (path, data) => () => writeFileSync(path, halfOf(data)),
  rm: (path) => () => {
    const entries = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
    for (const entry of entries.slice(0, entries.length >> 1))
      unlinkSync(`${entry.parentPath ?? entry.path}/${entry.name}`);
  },
};

const HANDLE_HALVES = {
  writeFile: (handle, data) => () => writeSync(handle.fd, halfOf(data)),
  write: (handle, data, offset = 0, length = data.byteLength - offset, position = null) =>
    typeof data === 'string'
      ? undefined
      : () => writeSync(handle.fd, data, typeof offset === 'number' ? offset : 0, length >> 1, position),
};

/** What a call means for what is durable, once it is done (`begun`: as soon as it may have done something). */
function note(call, path, to) {
  if (call === 'writeFile' || call === 'appendFile') unsynced.add(text(path));
  if (call === 'unlink' || call === 'rm') unsynced.delete(text(path));
  if (call !== 'rename') return;
  unsynced.delete(text(to));
  for (const one of [...unsynced]) {
    if (one !== text(path) && !one.startsWith(`${text(path)}/`)) continue;
    unsynced.delete(one);
    unsynced.add(text(to) + one.slice(text(path).length));
  }
}

function wrapPromises() {
  for (const [call, original] of Object.entries(fs.promises)) {
    if (typeof original !== 'function') continue;
    fs.promises[call] = async function (...args) {
      point(call, text(args[0]), HALVES[call]?.(...args));
      if (call === 'writeFile') note(call, ...args);
      const result = await original.apply(this, args);
      if (call === 'open') paths.set(result, text(args[0]));
      note(call, ...args);
      return result;
    };
  }
}

function wrapSyncAndCallbacks() {
  let depth = 0;
  for (const [call, original] of Object.entries(fs)) {
    if (typeof original !== 'function' || /^[A-Z_]/.test(call) || /Stream$|^(un)?watch/.test(call)) continue;
    const isSync = call.endsWith('Sync');
    if (!isSync && fs.promises[call] === undefined && fs[`${call}Sync`] === undefined) continue;
    fs[call] = function (...args) {
      // Those that call others of these are one call.
      if (depth === 0) point(call, text(args[0]));
      depth += 1;
      try {
        return original.apply(this, args);
      } finally {
        depth -= 1;
      }
    };
    Object.assign(fs[call], original);
  }
}

async function wrapHandles() {
  const handle = await open(process.execPath, 'r');
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  for (const call of Object.getOwnPropertyNames(prototype)) {
    const { value: original } = Object.getOwnPropertyDescriptor(prototype, call);
    if (typeof original !== 'function' || call === 'constructor' || !/^[a-z]/.test(call)) continue;
    prototype[call] = async function (...args) {
      const path = paths.get(this) ?? '?';
      point(`handle.${call}`, path, HANDLE_HALVES[call]?.(this, ...args));
      if (/^(write|append|truncate)/.test(call)) unsynced.add(path);
      const result = await original.apply(this, args);
      if (call === 'sync' || call === 'datasync') unsynced.delete(path);
      return result;
    };
  }
}

/** undici tells these steps of each request: made, headers sent, body sent, headers of the answer, all of it. */
function hearRequests() {
  const steps = {
    'undici:request:create': 'to be sent',
    'undici:client:sendHeaders': 'headers sent',
    'undici:request:bodySent': 'sent',
    'undici:request:headers': 'answered',
    'undici:request:trailers': 'answer read',
  };
  for (const [channel, step] of Object.entries(steps)) {
    subscribe(channel, ({ request: { method, path } }) => {
      point(`${method} /${path.split('/').slice(3).join('/')}:`, step);
    });
  }
}

if (isMainThread) {
  await wrapHandles();
  wrapSyncAndCallbacks();
  wrapPromises();
  syncBuiltinESMExports();
  hearRequests();
  if (wanted === 0) process.on('exit', () => writeFileSync(log, JSON.stringify(points)));
}
