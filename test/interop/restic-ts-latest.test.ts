/** Lives of repositories that restic latest and restic-ts share. */
import { describeLives } from './restic-ts-lives.js';

describeLives('restic-latest', 'rest-server-latest', {
  inFolder: [],
  onServer: [[2, false]],
});
