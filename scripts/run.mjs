/** Starting programs, the same on every system: node's own tools by their files, never through a shell. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
/** Everything that the scripts fetch or make for themselves; git ignores it. */
export const cache = process.env.INSTANCE_SYNC_CACHE ?? join(root, '.cache');

/** Hooks that scripts run open no window on the screen of whoever runs them. */
process.env.INSTANCE_SYNC_BROWSER ??= 'none';

/**
 * Runs a program to its end. `show` passes its output on, otherwise the output is returned (and nothing is shown).
 * Never throws for an exit code; `code` is 127 if the program cannot be started, and 128 + n if a signal ended it.
 */
export function run(command, args, { cwd = root, env = process.env, show = false, timeout = 600_000, input } = {}) {
  return new Promise((resolve) => {
    const stdin = input === undefined ? 'ignore' : 'pipe';
    const child = spawn(command, args, { cwd, env, timeout, stdio: show ? 'inherit' : [stdin, 'pipe', 'pipe'] });
    const chunks = [];
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    if (input !== undefined) child.stdin?.end(input);
    child.once('error', (error) => resolve({ code: 127, output: `${command}: ${error.message}\n` }));
    child.once('close', (code, signal) => {
      const output = Buffer.concat(chunks).toString();
      if (code !== null) resolve({ code, output });
      else resolve({ code: 128, output: `${output}${command}: ended by ${signal} (time limit ${timeout / 1000} s)\n` });
    });
  });
}

export function node(args, options) {
  return run(process.execPath, args, options);
}

/** A program of an installed package, by its JavaScript file. */
export function tool(path, args, options) {
  return node([join(root, 'node_modules', path), ...args], options);
}

/** npm, by its JavaScript file: `npm run` names it, otherwise it lies beside node. */
export function npm(args, options) {
  const beside = ['node_modules/npm/bin/npm-cli.js', '../lib/node_modules/npm/bin/npm-cli.js'];
  const candidates = [process.env.npm_execpath ?? '', ...beside.map((path) => join(dirname(process.execPath), path))];
  const cli = candidates.find((path) => path.endsWith('npm-cli.js') && existsSync(path));
  return cli === undefined ? run('npm', args, options) : node([cli, ...args], options);
}

/** Seconds since `start` (of performance.now()), for one-line summaries. */
export function since(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
