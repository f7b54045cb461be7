/** Lives of repositories that restic 0.18 and restic-ts share. */
import { describeLives } from './restic-ts-lives.js';

describeLives('restic-0.18', 'rest-server-latest', {
  inFolder: [[2, true]],
  onServer: [],
});
