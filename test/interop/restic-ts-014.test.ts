/** Lives of repositories that restic 0.14 and restic-ts share. */
import { describeLives } from './restic-ts-lives.js';

describeLives('restic-0.14', 'rest-server-0.13', {
  inFolder: [],
  onServer: [[1, false]],
});
