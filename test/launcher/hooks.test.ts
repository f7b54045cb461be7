/** What a setup makes of the commands in a launcher's settings: nothing is dropped, nothing is written twice. */
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isSyncError } from '../../src/base/errors.js';
import { findLauncher, type Launcher } from '../../src/launcher/find-launcher.js';
import { type HookPlan, planHooks, readCommands, writeHooks } from '../../src/launcher/hooks.js';
import { onPosix } from '../helpers/only-where.js';
import { tempFolder } from '../helpers/temp.js';
import { type FakeLauncher, type FakeOptions, makeLauncher } from './launcher-folder.js';

const PROGRAM = { node: '/usr/bin/node', script: '/opt/My Tools/instance-sync.mjs' };
const OURS = '"/usr/bin/node" "/opt/My Tools/instance-sync.mjs"';

interface Made extends FakeLauncher {
  readonly launcher: Launcher;
  plan(): Promise<HookPlan>;
}

async function made(options: FakeOptions = {}): Promise<Made> {
  const fake = makeLauncher(options);
  const launcher = await findLauncher(fake.game, fake.around);
  if (launcher === undefined) throw new Error('not found');
  return { ...fake, launcher, plan: async () => planHooks(await readCommands(launcher), PROGRAM, 'linux') };
}

const shown = (plan: HookPlan): string[] => plan.changes.map(({ kind, after }) => `${kind}: ${after}`);

/** As Prism writes a value. */
const entry = (key: string, value: string): string => `${key}="${value.replace(/[\\"]/g, '\\$&')}"`;

describe('the plan', () => {
  it('nothing there', async () => {
    const { plan, config } = await made();
    expect(shown(await plan())).toEqual([`new: ${OURS} pull`, `new: ${OURS} push`]);
    expect(await plan()).toMatchObject({ file: config, isInstance: false });
  });

  it('commands of others, under old names too', async () => {
    const { plan } = await made({
      config: ['PreLaunchCommand=java -jar packwiz.jar', entry('PostExitCmd', '"/opt/x y" 1')],
    });
    expect(shown(await plan())).toEqual([
      `chained: ${OURS} pull -- java -jar packwiz.jar`,
      `chained: ${OURS} push -- "/opt/x y" 1`,
    ]);
  });

  it('ours: as they are, from another place, somewhere in another command', async () => {
    const here = await made({
      config: [
        entry('PreLaunchCommand', `${OURS} pull --offline=require -- a`),
        entry('PostExitCommand', `env A=1 ${OURS} push`),
      ],
    });
    expect((await here.plan()).changes.map(({ kind }) => kind)).toEqual(['present', 'present']);
    const old = '"/old/node" "/old/instance-sync.mjs"';
    const moved = await made({
      config: [
        entry('PreLaunchCommand', `${old} pull --offline=require -- a "b c"`),
        entry('PostExitCommand', `${old} push`),
      ],
    });
    expect(shown(await moved.plan())).toEqual([
      `updated: ${OURS} pull --offline=require -- a "b c"`,
      `updated: ${OURS} push`,
    ]);
    const swapped = await made({ config: [entry('PreLaunchCommand', `${OURS} push`)] });
    expect(shown(await swapped.plan())[0]).toBe(`chained: ${OURS} pull -- ${OURS} push`);
  });

  it('a wrapper does both', async () => {
    const { plan } = await made({ config: [entry('WrapperCommand', `${OURS} wrap --`)] });
    expect((await plan()).changes.map(({ kind, after }) => [kind, after])).toEqual([
      ['wrapped', ''],
      ['wrapped', ''],
    ]);
  });

  it.each(['true', 'True', '1'])("the instance's own commands count: OverrideCommands=%s", async (value) => {
    const { plan, instanceConfig } = await made({
      config: [entry('PreLaunchCommand', `${OURS} pull`)],
      instance: [`OverrideCommands=${value}`, 'PreLaunchCommand=own'],
    });
    expect(await plan()).toMatchObject({ file: instanceConfig, isInstance: true });
    expect(shown(await plan())).toEqual([`chained: ${OURS} pull -- own`, `new: ${OURS} push`]);
  });

  it.each(['false', '0', ''])('and do not: OverrideCommands=%s', async (value) => {
    const { plan, config } = await made({ instance: [`OverrideCommands=${value}`, 'PreLaunchCommand=own'] });
    expect(await plan()).toMatchObject({ file: config, preLaunch: '' });
  });
});

describe('writing it', () => {
  it('leaves a copy, changes its lines only, and nothing the second time', async () => {
    const { launcher, plan, config, instanceConfig } = await made({
      config: ['PreLaunchCommand=java -jar x.jar', 'Z=1'],
    });
    const before = readFileSync(config, 'utf8');
    const instance = readFileSync(instanceConfig, 'utf8');
    const written = await writeHooks(launcher, await plan());
    expect(written).toEqual({ file: config, backup: `${config}.before-instance-sync` });
    expect(readFileSync(`${config}.before-instance-sync`, 'utf8')).toBe(before);
    const lines = readFileSync(config, 'utf8').split('\n');
    expect(lines.slice(0, 2)).toEqual(['[General]', 'ConfigVersion=1.2']);
    expect(lines.slice(3, 4)).toEqual(['Z=1']);
    expect(await readCommands(launcher)).toMatchObject({
      preLaunch: `${OURS} pull -- java -jar x.jar`,
      postExit: `${OURS} push`,
    });
    const after = statSync(config, { bigint: true });
    expect(await writeHooks(launcher, await plan())).toEqual({ file: config, backup: undefined });
    expect(statSync(config, { bigint: true })).toEqual(after);
    expect(readFileSync(instanceConfig, 'utf8')).toBe(instance);
    expect(readdirSync(dirname(config)).sort()).toEqual([
      'instances',
      'prismlauncher.cfg',
      'prismlauncher.cfg.before-instance-sync',
    ]);
  });

  it("into MultiMC's form", async () => {
    const { launcher, plan, config } = await made({ name: 'multimc', config: ['PreLaunchCommand="a b" #', 'X=1'] });
    await writeHooks(launcher, await plan());
    expect(readFileSync(config, 'utf8')).toBe(
      `PreLaunchCommand=${OURS} pull -- "a b"\nX=1\nPostExitCommand=${OURS} push\n`,
    );
  });

  onPosix('through a link, with the mode of the file, and no earlier copy is lost', async () => {
    const { launcher, plan, config } = await made();
    const real = join(tempFolder(), 'dotfiles.cfg');
    writeFileSync(real, readFileSync(config));
    chmodSync(real, 0o600);
    writeFileSync(`${real}.before-instance-sync`, 'older');
    rmSync(config);
    symlinkSync(real, config);
    const { backup } = await writeHooks(launcher, await plan());
    expect(backup).toBe(`${real}.before-instance-sync-2`);
    expect(readFileSync(`${real}.before-instance-sync`, 'utf8')).toBe('older');
    expect(statSync(real).mode & 0o777).toBe(0o600);
    expect(readFileSync(real, 'utf8')).toContain('instance-sync.mjs');
  });

  it('not over what another program wrote since the plan', async () => {
    const { launcher, plan, config } = await made();
    const early = await plan();
    writeFileSync(config, `${readFileSync(config, 'utf8')}PreLaunchCommand=new\n`);
    const before = readFileSync(config, 'utf8');
    expect(await codeOf(writeHooks(launcher, early))).toBe('in-use');
    expect(readFileSync(config, 'utf8')).toBe(before);
  });

  it('not a line that the launcher would not read back, and not into settings that were not found', async () => {
    const old = await made({ config: ['x=1'] });
    writeFileSync(old.config, 'PreLaunchCommand=java "a=b"\n');
    expect(await codeOf(writeHooks(old.launcher, await old.plan()))).toBe('unsupported');
    const lost = await made({ instances: join(tempFolder(), 'x') });
    expect(await codeOf(writeHooks(lost.launcher, await lost.plan()))).toBe('usage');
  });
});

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'ok';
  } catch (error) {
    if (isSyncError(error)) return error.code;
    throw error;
  }
}
