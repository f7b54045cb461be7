/**
 * What is killed: each scenario makes a state of two PCs and their cloud, and names the PC and the command.
 *   build(pcs)     both are opted in and empty; `pcs.a.push()` and the like run in this process and must succeed; what it
 *                  returns are further arguments. `pcs.posix`: both know links and executable bits. `fork(one, other)`: both push from the same base
 *   before(trial)  done in each place before the kill, where copies would not do
 *   refused        whether the command must fail, without a kill too
 *   needs          what the hook's help must name, or it has no such thing
 */
import { makeGame, playAtHome, playElsewhere, playEvening, playInTheSky, put } from './game.mjs';

const KEEP_BOTH = '--on-conflict=keep-both';

async function bothHaveIt({ a, b, posix }) {
  makeGame(a.game, { posix });
  const sent = await a.push();
  await b.pull();
  return sent;
}

async function newsInCloud(pcs) {
  await bothHaveIt(pcs);
  playEvening(pcs.a.game);
  await pcs.a.push();
}

/** The first move of a file into its place, or the first one of an old file into the trash. */
const toPlace = (name) => name.startsWith('rename .cloud-sync/staging/');
const toTrash = (name) => /^rename (?!\.cloud-sync)/.test(name);

export const SCENARIOS = [
  {
    name: 'first-push',
    title: 'first push, which makes the repository',
    withoutRepository: true,
    build: async ({ a, posix }) => makeGame(a.game, { posix }),
    pc: 'a',
    command: ['push'],
  },
  {
    name: 'push',
    title: 'later push: changed, new and removed files, a renamed world',
    build: async (pcs) => {
      await bothHaveIt(pcs);
      playEvening(pcs.a.game);
    },
    pc: 'a',
    command: ['push'],
  },
  {
    name: 'first-pull',
    title: 'first pull, into an empty folder',
    build: async ({ a, posix }) => {
      makeGame(a.game, { posix });
      await a.push();
    },
    pc: 'b',
    command: ['pull'],
  },
  {
    name: 'pull',
    title: 'later pull: replace, add, remove, rename',
    build: newsInCloud,
    pc: 'b',
    command: ['pull'],
  },
  {
    name: 'complete',
    title: 'pull that completes an interrupted swap',
    build: newsInCloud,
    before: ({ interrupt }) => interrupt(toPlace, 3),
    pc: 'b',
    command: ['pull'],
  },
  {
    name: 'turn-back',
    title: 'an interrupted swap undone, as the game wrote meanwhile',
    needs: '--on-conflict',
    // Refused by the server, it does no more than that.
    refused: true,
    build: newsInCloud,
    before: async ({ interrupt, pcs }) => {
      await interrupt(toTrash, 2);
      put(pcs.b.game, 'meanwhile', { 'options.txt': 'fov:0.1\nrenderDistance:12\n' });
    },
    pc: 'b',
    command: ['pull', '--token', 'nobody:at-all'],
  },
  {
    name: 'unsent',
    title: 'pull with unsent work in another world than the news: merged',
    needs: '--on-conflict',
    build: async (pcs) => {
      await bothHaveIt(pcs);
      playAtHome(pcs.a.game);
      await pcs.a.push();
      playInTheSky(pcs.b.game);
    },
    pc: 'b',
    command: ['pull'],
  },
  {
    name: 'keep-both',
    title: 'pull with unsent work in the same world as the news: kept under a second name',
    needs: '--on-conflict',
    build: async (pcs) => {
      await bothHaveIt(pcs);
      playAtHome(pcs.a.game);
      await pcs.a.push();
      playElsewhere(pcs.b.game);
    },
    pc: 'b',
    command: ['pull', KEEP_BOTH],
  },
  {
    name: 'push-beside',
    title: 'push beside news that this PC has not seen: merged',
    needs: '--on-conflict',
    build: async (pcs) => {
      await bothHaveIt(pcs);
      playAtHome(pcs.a.game);
      await pcs.a.push();
      playInTheSky(pcs.b.game);
    },
    pc: 'b',
    command: ['push'],
  },
  {
    name: 'two-heads',
    title: 'pull of two heads that were pushed at the same instant: merged',
    needs: '--on-conflict',
    build: async (pcs, { fork }) => {
      await bothHaveIt(pcs);
      playAtHome(pcs.a.game);
      playInTheSky(pcs.b.game);
      await fork(pcs.a.push, pcs.b.push);
    },
    pc: 'b',
    command: ['pull'],
  },
  {
    name: 'undo',
    title: 'undo of a pull',
    needs: ' undo ',
    build: async (pcs) => {
      await newsInCloud(pcs);
      await pcs.b.pull();
    },
    pc: 'b',
    command: ['undo'],
  },
  {
    name: 'restore',
    title: 'restore of a world as it was',
    needs: ' restore ',
    build: async (pcs) => {
      const { snapshot } = await bothHaveIt(pcs);
      playAtHome(pcs.a.game);
      await pcs.a.push();
      await pcs.b.pull();
      return ['--snapshot', snapshot, '--world', 'Home'];
    },
    pc: 'b',
    command: ['restore'],
  },
];
