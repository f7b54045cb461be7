/**
 * The same on Windows: the hook is run by the real node.exe under wine. A kill there is TerminateProcess. The PC whose
 * command is killed goes on with node.exe; the other PC and the server are this system's.
 */
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { windowsNode, wineEnv, winePath } from '../wine.mjs';
import { runProgram } from './programs.mjs';

const windowsPath = (path) => `Z:${path.replaceAll('/', '\\')}`;

/** As nativeHook. Pipes to wine fail, so output goes into files in `folder`. */
export function windowsHook(hook, folder) {
  let runs = 0;
  return {
    pathFor: windowsPath,
    run: async (args, env, preload) => {
      runs += 1;
      const outputFile = join(folder, `output-${runs}`);
      const load = preload === undefined ? [] : ['--import', encodeURI(`file:///Z:${preload}`)];
      const output = openSync(outputFile, 'w');
      try {
        const all = [windowsNode, ...load, windowsPath(hook), ...args];
        return await runProgram(winePath(), all, { env: { ...wineEnv, ...env }, cwd: folder, output, outputFile });
      } finally {
        closeSync(output);
        rmSync(outputFile, { force: true });
      }
    },
  };
}

/** The commands of a PC as commandsOf has them, each in a process. */
export function windowsCommands({ game }, runner) {
  const run =
    (command) =>
    async ({ token } = {}) => {
      const flags = ['--json', '--on-conflict=keep-both', '--on-delete=send'];
      const login = token === undefined ? [] : ['--token', token];
      const args = [command, '--pack-folder', runner.pathFor(game), ...flags, ...login];
      const { code, output } = await runner.run(args, {});
      if (code === 0) return JSON.parse(output.trim().split(/\r?\n/).at(-1));
      return { outcome: `failed: exit code ${code}`, message: output.trim().split(/\r?\n/).at(-1) };
    };
  return { push: run('push'), pull: run('pull') };
}
