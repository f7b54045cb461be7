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
const LIMIT = 600_000;

/**
 * In a folder there is every one. On a server there are some, so that over all restics each version is made there by
 * either program: what differs there is only how files are read and written, and both programs do that in every life.
 */
export function describeLives(name: ResticName, serverName: RestServerName, onServer: readonly Making[]): void {
  const peer = theirs(name);
  describeInterop(`a repository shared with ${name}`, [name, serverName], () => {
    const server = startRestServer(serverName);

    async function life([version, byUs]: Making, place: Place, second: Place): Promise<void> {
      // To copy from each version to the other.
      await makeRepositoryQuickly(second, version === 1 ? 2 : 1);
      await live({ peer, maker: byUs ? OURS : peer, version, place, second });
    }

    const title = ([version, byUs]: Making): string => `version ${version}, made by ${byUs ? 'restic-ts' : name}`;
    for (const making of ALL) {
      it.concurrent(`${title(making)}, in a folder`, { timeout: LIMIT }, async () => {
        await life(making, folderPlace(), folderPlace());
      });
    }
    for (const making of onServer) {
      it.concurrent(`${title(making)}, on ${serverName}`, { timeout: LIMIT }, async () => {
        const name = `version-${making[0]}`;
        await life(making, serverPlace(await server, name), serverPlace(await server, `${name}-copied`));
      });
    }
  });
}
