/** The flags that name a second repository, of `init` and `copy`. */
import type { Flag } from './command.js';

export const FROM_FLAGS: readonly Flag[] = [
  { name: 'from-insecure-no-password', kind: 'bool', help: 'the source repository has an empty password' },
  {
    name: 'from-key-hint',
    kind: 'text',
    value: 'key',
    env: 'RESTIC_FROM_KEY_HINT',
    help: 'id of the key of the source repository to try first',
  },
  {
    name: 'from-password-command',
    kind: 'text',
    value: 'command',
    env: 'RESTIC_FROM_PASSWORD_COMMAND',
    help: 'command whose output is the password of the source repository',
  },
  {
    name: 'from-password-file',
    kind: 'text',
    value: 'file',
    env: 'RESTIC_FROM_PASSWORD_FILE',
    help: 'file with the password of the source repository',
  },
  {
    name: 'from-repo',
    kind: 'text',
    value: 'repository',
    env: 'RESTIC_FROM_REPOSITORY',
    help: 'the source repository',
  },
  {
    name: 'from-repository-file',
    kind: 'text',
    value: 'file',
    env: 'RESTIC_FROM_REPOSITORY_FILE',
    help: 'file that names the source repository',
  },
];
