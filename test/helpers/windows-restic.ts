/** restic-ts on Windows for the tests: many command lines in one node.exe, see windows-commands.ts. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { bundleProgram } from '../../scripts/bundle.mjs';
import type { Place } from './both-programs.js';
import { PASSWORD } from './repository.js';
import { tempFolder } from './temp.js';
import type { Step, StepResult } from './windows-commands.js';
import { runWindowsNode, windowsPath } from './wine.js';

export type WindowsRestic = (steps: readonly Step[]) => Promise<StepResult[]>;

/** Takes some seconds. */
export async function windowsRestic(): Promise<WindowsRestic> {
  const program = join(tempFolder(), 'windows-commands.mjs');
  await bundleProgram({ name: 'restic-ts', entry: 'test/helpers/windows-commands.ts', outfile: program });
  return async (steps) => {
    const folder = tempFolder();
    const [stepsFile, resultsFile] = [join(folder, 'steps.json'), join(folder, 'results.json')];
    writeFileSync(stepsFile, JSON.stringify(steps));
    const { code, output } = await runWindowsNode([program, stepsFile, resultsFile].map(windowsPath), { cwd: folder });
    if (code !== 0) throw new Error(`windows-commands.mjs ended with exit code ${code}: ${output}`);
    return JSON.parse(readFileSync(resultsFile, 'utf8'));
  };
}

/** Command lines for a repository, with the cache that real restic uses for it here. */
export function stepsOn(place: Place, cwd: string): (args: readonly string[], more?: Partial<Step>) => Step {
  const env = {
    RESTIC_PASSWORD: PASSWORD,
    RESTIC_REPOSITORY: place.repo.startsWith('rest:') ? place.repo : windowsPath(place.repo),
    RESTIC_CACHE_DIR: windowsPath(place.cache),
  };
  return (args, more) => ({ args, cwd: windowsPath(cwd), ...more, env: { ...env, ...more?.env } });
}

export function expectSuccess(steps: readonly Step[], results: readonly StepResult[]): void {
  for (const [i, { code, stdout, stderr }] of results.entries()) {
    expect({ step: steps[i]?.args, code, said: code === 0 ? '' : stdout + stderr }).toMatchObject({
      code: 0,
      said: '',
    });
  }
}

/** Makes files, and the folders above them. */
export function putFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}
