/** A real rest-server on a free port of 127.0.0.1, as players are told to run it: append-only, private repositories. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import bcrypt from 'bcryptjs';
import { startListening } from '../scripts/listening.mjs';

/** As `htpasswd -B` has it. */
const BCRYPT_COST = 5;

/** `stop()` ends it and returns when it has ended; `requests()` is how many it has answered. */
export async function startServer(program, temp) {
  const [path, htpasswd, log] = ['server', 'htpasswd', 'requests.log'].map((name) => join(temp, name));
  const [user, password] = ['kim', randomBytes(12).toString('base64url')];
  mkdirSync(path);
  writeFileSync(htpasswd, `${user}:${bcrypt.hashSync(password, BCRYPT_COST)}\n`, { mode: 0o600 });
  const args = ['--path', path, '--listen', '127.0.0.1:0', '--htpasswd-file', htpasswd, '--log', log];
  const { address, stop } = await startListening(program, [...args, '--append-only', '--private-repos']);
  const requests = () => readFileSync(log, 'utf8').split('\n').length - 1;
  return { url: `http://${address}/`, user, password, folderOf: (name) => join(path, user, name), requests, stop };
}
