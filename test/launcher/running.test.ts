/** Whether a launcher runs, by the names of programs as systems tell them. */
import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Surroundings } from '../../src/launcher/places.js';
import { launcherRun } from '../../src/launcher/running.js';
import { onLinux } from '../helpers/only-where.js';
import { tempFolder } from '../helpers/temp.js';

const around: Surroundings = { platform: process.platform, env: {}, home: '/' };

const state = async (name: string, programs: readonly string[]): Promise<string> =>
  (await launcherRun(name, around, async () => programs)).state;

it.each([
  ['prismlauncher', ['init', 'prismlauncher'], 'running'],
  ['prismlauncher', ['C:\\Games\\prismlauncher.exe'], 'running'],
  ['prismlauncher', ['/Applications/Prism Launcher.app/Contents/MacOS/prismlauncher'], 'running'],
  ['prismlauncher', ['PrismLauncher-L'], 'running'],
  ['prismlauncher', ['/home/kim/PrismLauncher-Linux-x86_64.AppImage'], 'running'],
  ['multimc', ['./bin/MultiMC'], 'running'],
  ['averylonglaunchername', ['averylonglaunch'], 'running'],
  ['prismlauncher', ['/opt/prismlauncher/java', 'polymc', 'prism', ''], 'stopped'],
  ['polymc', ['prismlauncher'], 'stopped'],
] as const)('%s among %j: %s', async (name, programs, wanted) => {
  expect(await state(name, programs)).toBe(wanted);
});

it('inside of a launcher it is running', async () => {
  expect(await launcherRun('x', { ...around, env: { INST_ID: 'a' } }, async () => [])).toEqual({ state: 'running' });
});

it('a system that does not tell', async () => {
  const refuse = async (): Promise<never> => {
    throw new Error('no list');
  };
  expect(await launcherRun('x', around, refuse)).toEqual({ state: 'unknown', why: 'no list' });
  const windows = { ...around, platform: 'win32' as const, env: { SystemRoot: '/nowhere' } };
  expect(await launcherRun('x', windows)).toMatchObject({ state: 'unknown', why: expect.stringContaining('tasklist') });
});

onLinux('the real list of this system', async () => {
  expect(await launcherRun('nosuchlauncher', around)).toEqual({ state: 'stopped' });
  const program = join(tempFolder(), 'testlauncher');
  copyFileSync('/bin/sleep', program);
  chmodSync(program, 0o755);
  const child = spawn(program, ['30'], { stdio: 'ignore' });
  await new Promise((resolve) => child.once('spawn', resolve));
  try {
    expect(await launcherRun('testlauncher', around)).toEqual({ state: 'running' });
  } finally {
    child.kill('SIGKILL');
  }
});
