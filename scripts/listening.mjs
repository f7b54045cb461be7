/** Starts a server on a free port of 127.0.0.1, and says which. */
import { spawn } from 'node:child_process';

const STARTS_WITHIN_MS = 15_000;
const KEPT = 10_000;

/**
 * Any server that writes its address to one of its two streams. Returns { address: "127.0.0.1:PORT", pid, stop() }, where
 * stop() returns when the server has ended. Throws with the server's own words if it ends, or is silent for 15 s.
 */
export async function startListening(command, args, { env } = {}) {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => {
    child.once('exit', resolve);
    child.once('error', resolve);
  });
  const stop = async () => {
    child.kill();
    await ended;
  };
  try {
    return { address: await addressOf(child, ended), pid: child.pid, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function addressOf(child, ended) {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (chunk) => {
      if (said.length < KEPT) said += chunk;
      const found = /(127\.0\.0\.1:[1-9]\d*)/.exec(said);
      if (found) resolve(found[1]);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    setTimeout(() => reject(new Error(`the server did not start: ${said}`)), STARTS_WITHIN_MS).unref();
    ended.then(() => reject(new Error(`the server ended at once: ${said}`)));
  });
}
