/**
 * A player's PCs, each a launcher with one instance and a desk, and the embedded server; the list of known instances of a
 * PC lies beside its launcher. Keys cost nothing if the test file replaces crypto/kdf.js, and pauses by no-wait.ts.
 */
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import type { RunningServer } from '../../../src/index.js';
import { createHtpasswdLine, startServer } from '../../../src/index.js';
import { createDesk, type Desk } from '../../../src/ui/desk/desk.js';
import type { EndView, Reads, View, Writes } from '../../../src/ui/protocol.js';
import { tempFolder } from '../../helpers/temp.js';
import { makeLauncher } from '../../launcher/launcher-folder.js';

export const TOKEN = 'ann:battery staple';
const PAST = 1_700_000_000;
const NEVER = new AbortController().signal;

type Handler = (input: object, signal: AbortSignal) => Promise<never>;

export interface CloudServer extends RunningServer {
  readonly path: string;
}

/** With one user. `path`: the repositories of another server, whose user may have another password here. */
export async function startCloud(token: string = TOKEN, path: string = tempFolder()): Promise<CloudServer> {
  const [user = '', password = ''] = token.split(':');
  writeFileSync(join(path, '.htpasswd'), await createHtpasswdLine(user, password));
  const server = await startServer({ path, listen: '127.0.0.1:0', appendOnly: true, privateRepos: true });
  afterAll(() => server.close());
  return { ...server, path };
}

export interface DeskPc {
  readonly game: string;
  /** Of its launcher. */
  readonly config: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  readonly desk: Desk;
  /** All that the window was shown so far. */
  readonly views: readonly View[];
  put(path: string, content: string | Uint8Array): void;
  ask<Name extends keyof Reads>(name: Name, input: Reads[Name]['in']): Promise<Reads[Name]['out']>;
  ask<Name extends keyof Writes>(name: Name, input: Writes[Name]['in']): Promise<Writes[Name]['out']>;
  /** Called with each further view. */
  onView(look: (view: View) => void): void;
  /** Fulfilled with the next view of this kind that the window shows. */
  shown<Kind extends View['view']>(kind: Kind): Promise<Extract<View, { view: Kind }>>;
  /** Does a long task to its end, and returns what was shown then. */
  finish<Name extends 'sync' | 'restore' | 'undo'>(name: Name, input: Writes[Name]['in']): Promise<EndView>;
  /** Another window on the same PC. */
  again(packFolder?: string): DeskPc;
}

/** Each question sets INSTANCE_SYNC_HOME of this process, so that commands write into the list of that PC. */
export function newPc(options: { readonly name?: string } = {}): DeskPc {
  const fake = makeLauncher({ name: 'testlauncher', config: ['InstanceDir=instances'] });
  writeFileSync(fake.instanceConfig, `InstanceType=OneSix\nname=${options.name ?? 'My Pack'}\n`);
  const env = { INSTANCE_SYNC_HOME: join(fake.around.home, 'known'), XDG_DATA_HOME: dirname(fake.root) };
  return makePc({ game: fake.game, config: fake.config, home: fake.around.home, env }, fake.game);
}

function makePc(place: Pick<DeskPc, 'game' | 'config' | 'home' | 'env'>, packFolder: string | undefined): DeskPc {
  const views: View[] = [];
  const waiting = new Set<(view: View) => void>();
  const shown = <Kind extends View['view']>(kind: Kind): Promise<Extract<View, { view: Kind }>> =>
    new Promise((resolve) => {
      const look = (view: View): void => {
        if (view.view !== kind) return;
        waiting.delete(look);
        resolve(view as Extract<View, { view: Kind }>);
      };
      waiting.add(look);
    });
  const made = createDesk({
    packFolder,
    program: { node: '/usr/bin/node', script: '/opt/instance-sync.mjs' },
    surroundings: { platform: 'linux', env: place.env, home: place.home },
    show: (view) => {
      views.push(view);
      for (const look of [...waiting]) look(view);
    },
    signal: NEVER,
  });
  const handlers = new Map<string, Handler>();
  for (const [name, handler] of Object.entries(made.handlers)) {
    // What a name's input is, is held by the types of `ask`.
    const run = handler as Handler;
    handlers.set(name, (input, signal) => {
      process.env['INSTANCE_SYNC_HOME'] = place.env['INSTANCE_SYNC_HOME'];
      return run(input, signal);
    });
  }
  const ask = async (name: string, input: object): Promise<never> => {
    const handler = handlers.get(name);
    if (handler === undefined) throw new Error(`nothing answers ${name}`);
    return handler(input, NEVER);
  };
  return {
    ...place,
    desk: { ...made, handlers: Object.fromEntries(handlers) },
    views,
    ask,
    put: (path, content) => {
      const file = join(place.game, ...path.split('/'));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      utimesSync(file, PAST, PAST + 0.123);
    },
    onView: (look) => waiting.add(look),
    shown,
    finish: async (name, input) => {
      const [end] = await Promise.all([shown('end'), ask(name, input)]);
      return end;
    },
    again: (folder) => makePc(place, folder),
  };
}
