/** setup and doctor as a player calls them, beside a launcher's settings: what is shown, and what is written. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { answering } from '../../helpers/bad-server.js';
import { type Finished, runProgram } from '../../helpers/process.js';
import { hookFile, instanceSync } from '../../helpers/sync-env.js';
import { tempFolder } from '../../helpers/temp.js';
import { type FakeLauncher, type FakeOptions, makeLauncher } from '../../launcher/launcher-folder.js';

/** A server that answers at once, and lets nobody in. */
let URL_ = '';
beforeAll(async () => {
  URL_ = (await answering({ status: 401 })).url;
});
const ID = '01KAT900000000000000000001';
const OURS = `"${process.execPath}" "${hookFile()}"`.replaceAll('\\', '/');

interface Made extends FakeLauncher {
  setup(...flags: string[]): Promise<Finished>;
  doctor(): Promise<Record<string, string>>;
  /** In the launcher's settings, as they are written. */
  line(key: string): string | undefined;
}

function make(options: FakeOptions = {}): Made {
  const fake = makeLauncher({
    name: 'testlauncher',
    ...options,
    config: ['InstanceDir=instances', ...(options.config ?? [])],
  });
  const token = join(tempFolder(), 'token');
  writeFileSync(token, 'ann:battery\n', { mode: 0o600 });
  const env = { HOME: fake.around.home };
  const run = (args: readonly string[]): Promise<Finished> =>
    instanceSync([...args, '--pack-folder', fake.game], { env });
  return {
    ...fake,
    setup: (...flags) => run(['setup', '--url', URL_, '--token-file', token, ...flags]),
    doctor: async () => {
      const { stdout } = await run(['doctor', '--json']);
      const one = z.object({ id: z.string(), message: z.string(), level: z.string() });
      const told = stdout
        .trimEnd()
        .split('\n')
        .map((text) => one.safeParse(JSON.parse(text)).data);
      return Object.fromEntries(
        told.flatMap((found) => (found ? [[found.id, `${found.level}: ${found.message}`]] : [])),
      );
    },
    line: (key) => {
      const lines = readFileSync(fake.config, 'utf8').split('\n');
      return lines
        .find((text) => text.startsWith(`${key}=`))
        ?.slice(key.length + 1)
        .replace(/^"|"$/g, '')
        .replaceAll('\\"', '"');
    },
  };
}

describe('without a terminal', () => {
  it('opts in by flags, shows the lines, and leaves the launcher alone', async () => {
    const { setup, config, game, line } = make();
    const before = readFileSync(config);
    const { code, stdout, stderr } = await setup('--instance-id', ID, '--preset', 'worlds');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`is set up (preset worlds)\ninstance id: ${ID}\n`);
    expect(stdout).toContain(`  pre-launch   ${OURS} pull\n  post-exit    ${OURS} push\n`);
    expect(readFileSync(config)).toEqual(before);
    expect(line('PreLaunchCommand')).toBeUndefined();
    expect(JSON.parse(readFileSync(join(game, '.cloud-sync/sync.json'), 'utf8'))).toMatchObject({
      url: URL_,
      instance_id: ID,
    });
    expect(JSON.parse(readFileSync(join(game, '.cloud-sync/scope.json'), 'utf8'))).toEqual({
      schema: 1,
      preset: 'worlds',
    });
    expect(stdout).not.toContain('battery');
  });

  it('needs to be told what it cannot ask', async () => {
    const { setup, game } = make();
    const line = 'error: setup asks questions and needs a terminal; elsewhere give --url and --token-file\n';
    expect(await instanceSync(['setup', '--pack-folder', game])).toEqual({ code: 1, stdout: '', stderr: line });
    expect(await setup('--preset', 'all')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('"all" is no preset'),
    });
  });

  it('a folder that is set up needs no word, and keeps what was chosen', async () => {
    const { setup, game } = make();
    await setup('--instance-id', ID);
    writeFileSync(join(game, '.cloud-sync/scope.json'), '{"schema":1,"exclude":["x/**"]}');
    const again = await instanceSync(['setup', '--preset', 'everything', '--pack-folder', game]);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining(`instance id: ${ID}\n`) });
    const scope: unknown = JSON.parse(readFileSync(join(game, '.cloud-sync/scope.json'), 'utf8'));
    expect(scope).toEqual({ schema: 1, preset: 'everything', exclude: ['x/**'] });
  });
});

describe('--write-hooks', () => {
  it('writes once, chains what was there, and doctor finds it', async () => {
    const { setup, config, line, doctor } = make({ config: ['PreLaunchCommand=java -jar packwiz.jar'] });
    const shown = await setup();
    expect(shown.stdout).toContain(
      `now  java -jar packwiz.jar\n  pre-launch      ${OURS} pull -- java -jar packwiz.jar\n`,
    );
    expect((await doctor())['pull']).toBe('problem: the pre-launch command is another one (java -jar packwiz.jar)');
    const written = await setup('--write-hooks');
    expect(written).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining(`written to ${config}; as it was: `),
    });
    expect(line('PreLaunchCommand')).toBe(`${OURS} pull -- java -jar packwiz.jar`);
    expect(line('PostExitCommand')).toBe(`${OURS} push`);
    const again = await setup('--write-hooks');
    expect(again.stdout).toMatch(/the launcher runs the hook already\nnothing to change in /);
    expect(existsSync(`${config}.before-instance-sync-2`)).toBe(false);
    expect(await doctor()).toMatchObject({
      pull: 'ok: the pre-launch command runs this program',
      push: 'ok: the post-exit command runs this program',
      server: expect.stringMatching(/^problem: /),
    });
  });

  it("into an instance's own commands, where they count", async () => {
    const { setup, config, instanceConfig } = make({ instance: ['OverrideCommands=true', 'PostExitCommand=own'] });
    const before = readFileSync(config);
    const { stdout, code } = await setup('--write-hooks');
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('custom commands of its own') });
    expect(readFileSync(config)).toEqual(before);
    expect(readFileSync(instanceConfig, 'utf8')).toMatch(/^PostExitCommand=".* push -- own"$/m);
  });

  it('not while the launcher runs, nor where none was found', async () => {
    const { setup, config, game } = make();
    await setup();
    const before = readFileSync(config);
    const inside = await instanceSync(['setup', '--write-hooks', '--pack-folder', game], { env: { INST_ID: 'x' } });
    const line = /error: testlauncher is running and would take the change back; close it and run setup again\n$/;
    expect(inside).toMatchObject({ code: 22, stderr: expect.stringMatching(line) });
    expect(readFileSync(config)).toEqual(before);
    const forced = await instanceSync(['setup', '--write-hooks', '--force', '--pack-folder', game], {
      env: { INST_ID: 'x' },
    });
    expect(forced).toMatchObject({ code: 0, stderr: '' });
    const plain = tempFolder();
    const token = join(tempFolder(), 'token');
    writeFileSync(token, 'ann:battery\n', { mode: 0o600 });
    const none = await instanceSync([
      'setup',
      '--write-hooks',
      '--url',
      URL_,
      '--token-file',
      token,
      '--pack-folder',
      plain,
    ]);
    expect(none).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: the launcher's settings were not found; enter/),
    });
  });

  it('not a path that no launcher would understand', async () => {
    const { game, config } = make();
    const folder = join(tempFolder(), 'a$INST_ID');
    mkdirSync(folder);
    const script = join(folder, 'instance-sync.mjs');
    copyFileSync(hookFile(), script);
    const before = readFileSync(config);
    const token = join(tempFolder(), 'token');
    writeFileSync(token, 'ann:battery\n', { mode: 0o600 });
    const flags = ['setup', '--write-hooks', '--url', URL_, '--token-file', token, '--pack-folder', game];
    const { code, stderr } = await runProgram(process.execPath, [script, ...flags], { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: the path .*a\$INST_ID.instance-sync\.mjs has a "\$" that launchers take .*; move it to a folder/,
    );
    expect(readFileSync(config)).toEqual(before);
  });
});

it('doctor finds lines that lead nowhere, and those of another copy', async () => {
  const other = join(tempFolder(), 'instance-sync.mjs');
  copyFileSync(hookFile(), other);
  const lines = [
    `PreLaunchCommand="\\"${process.execPath}\\" \\"${other}\\" pull"`,
    'PostExitCommand=/old/node /old/instance-sync.mjs push',
  ];
  const { setup, doctor } = make({ config: lines });
  await setup();
  expect(await doctor()).toMatchObject({
    pull: `warning: the pre-launch command runs another copy, ${other}`,
    push: 'problem: the post-exit command names /old/node and /old/instance-sync.mjs, which is not there',
  });
});
