/** The lives that a restic shares with restic-ts: versions of the repository, where it lies, who made it. */
import { it } from 'vitest';
import { folderPlace, makeRepositoryQuickly, OURS, type Place, serverPlace, theirs } from '../helpers/both-programs.js';
import { describeInterop, type ResticName, type RestServerName, startRestServer } from '../helpers/peers.js';
import { live } from './restic-ts-life.js';

/** Which version, and whether restic-ts made it. */
export type Making = readonly [version: 1 | 2, byUs: boolean];

const ALL: readonly Making[] = [
  [1, false],
  [1, true],
  [2, false],
  [2, true],
];
/** `npm run interop` lives them all; the suite, which has to be quick, those that are named. */
const EVERY = process.env['INTEROP'] === 'all';
const LIMIT = 600_000;

export interface Chosen {
  readonly inFolder: readonly Making[];
  readonly onServer: readonly Making[];
}

/** Of the chosen ones, over all restics, each version is made by either program, in a folder and on a server. */
export function describeLives(name: ResticName, serverName: RestServerName, chosen: Chosen): void {
  const { inFolder, onServer } = EVERY ? { inFolder: ALL, onServer: ALL } : chosen;
  const peer = theirs(name);
  describeInterop(`a repository shared with ${name}`, [name, serverName], () => {
    const server = startRestServer(serverName);

    async function life([version, byUs]: Making, place: Place, second: Place): Promise<void> {
      // To copy from each version to the other.
      await makeRepositoryQuickly(second, version === 1 ? 2 : 1);
      await live({ peer, maker: byUs ? OURS : peer, version, place, second });
    }

    const title = ([version, byUs]: Making): string => `version ${version}, made by ${byUs ? 'restic-ts' : name}`;
    for (const making of inFolder) {
      it.concurrent(`${title(making)}, in a folder`, { timeout: LIMIT }, async () => {
        await life(making, folderPlace(), folderPlace());
      });
    }
    for (const making of onServer) {
      it.concurrent(`${title(making)}, on ${serverName}`, { timeout: LIMIT }, async () => {
        const name = `version-${making[0]}-${making[1] ? 'ours' : 'theirs'}`;
        await life(making, serverPlace(await server, name), serverPlace(await server, `${name}-copied`));
      });
    }
  });
}
