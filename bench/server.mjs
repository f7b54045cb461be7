/** A real rest-server on a free port of 127.0.0.1, as players are told to run it: append-only, private repositories. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import bcrypt from 'bcryptjs';

const STARTS_WITHIN_MS = 10_000;
/** As `htpasswd -B` has it. */
const BCRYPT_COST = 5;

/** `stop()` ends it and returns when it has ended; `requests()` is how many it has answered. */
export async function startServer(program, temp) {
  const [path, htpasswd, log] = ['server', 'htpasswd', 'requests.log'].map((name) => join(temp, name));
  const [user, password] = ['kim', randomBytes(12).toString('base64url')];
  mkdirSync(path);
  writeFileSync(htpasswd, `${user}:${bcrypt.hashSync(password, BCRYPT_COST)}\n`, { mode: 0o600 });
  const args = ['--path', path, '--listen', '127.0.0.1:0', '--htpasswd-file', htpasswd, '--log', log];
  const child = spawn(program, [...args, '--append-only', '--private-repos'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => {
    child.once('exit', resolve);
    child.once('error', resolve);
  });
  const stop = async () => {
    child.kill();
    await ended;
  };
  try {
    const address = await addressOf(child, ended);
    const requests = () => readFileSync(log, 'utf8').split('\n').length - 1;
    return { url: `http://${address}/`, user, password, folderOf: (name) => join(path, user, name), requests, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function addressOf(child, ended) {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (chunk) => {
      said += chunk;
      const found = /start server on (127\.0\.0\.1:\d+)/.exec(said);
      if (found) resolve(found[1]);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    setTimeout(() => reject(new Error(`rest-server did not start: ${said}`)), STARTS_WITHIN_MS).unref();
    ended.then(() => reject(new Error(`rest-server ended at once: ${said}`)));
  });
}
