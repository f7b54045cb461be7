/** Whether a launcher is running: it writes its settings when it ends, and would take back what was written meanwhile. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { Surroundings } from './places.js';

/** 'unknown' with the reason. */
export type LauncherRun =
  | { readonly state: 'running' }
  | { readonly state: 'stopped' }
  | { readonly state: 'unknown'; readonly why: string };

/** Names of programs that run, as far as the system tells; throws if it does not. */
export type ListPrograms = (around: Surroundings) => Promise<readonly string[]>;

const LIMIT_MS = 10_000;
/** Linux cuts the name of a process to this. */
const NAME_LENGTH = 15;

/** `name` as in Launcher: "prismlauncher". */
export async function launcherRun(
  name: string,
  around: Surroundings,
  list: ListPrograms = listPrograms,
): Promise<LauncherRun> {
  if (around.env['INST_ID']) return { state: 'running' };
  let programs: readonly string[];
  try {
    programs = await list(around);
  } catch (error) {
    return { state: 'unknown', why: error instanceof Error ? error.message : String(error) };
  }
  const wanted = lettersOf(name);
  const isIt = (program: string): boolean => {
    const found = lettersOf(posix.basename(program.replaceAll('\\', '/')).replace(/\.(exe|app|appimage)$/i, ''));
    return found.includes(wanted) || (found.length >= NAME_LENGTH - 2 && wanted.startsWith(found));
  };
  return { state: programs.some(isIt) ? 'running' : 'stopped' };
}

function lettersOf(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, '');
}

async function listPrograms({ platform, env }: Surroundings): Promise<readonly string[]> {
  if (platform === 'win32') {
    const system = env['SystemRoot'] ?? env['windir'] ?? 'C:\\Windows';
    const lines = await run(join(system, 'System32', 'tasklist.exe'), ['/fo', 'csv', '/nh']);
    const names = lines.map((line) => /^"([^"]*)"/.exec(line)?.[1] ?? '').filter((name) => name !== '');
    if (names.length === 0) throw new Error('tasklist names no program');
    return names;
  }
  if (platform === 'linux') {
    // Of a sandbox only its own programs are seen.
    if (existsSync('/.flatpak-info')) throw new Error('the programs outside of this sandbox cannot be seen');
    return programsInProc('/proc');
  }
  return (await run('/bin/ps', ['-axo', 'comm='])).filter((line) => line !== '');
}

/** The name of each process, and the program that it was started as. */
async function programsInProc(proc: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir(proc)).filter((name) => /^\d+$/.test(name))) {
    for (const file of ['comm', 'cmdline']) {
      try {
        const [first = ''] = (await readFile(join(proc, pid, file), 'utf8')).split('\0');
        found.push(first.trim());
      } catch {
        // It has ended meanwhile, or is another user's in a system that hides those.
      }
    }
  }
  if (found.length === 0) throw new Error(`${proc} names no program`);
  return found;
}

async function run(file: string, args: readonly string[]): Promise<string[]> {
  // A hook loads this file with all the others, and starts no program.
  const { execFile } = await import('node:child_process');
  const options = { timeout: LIMIT_MS, windowsHide: true, maxBuffer: 16 * 1024 * 1024 };
  return new Promise((settle, reject) => {
    execFile(file, args, options, (error, stdout) => {
      if (error) reject(new Error(`${file} cannot be asked: ${error.message.split('\n')[0]}`));
      else settle(stdout.split(/\r?\n/));
    });
  });
}
