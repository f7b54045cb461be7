/** What `key add` and `key passwd` share: the flags of a new password, and where it comes from. */
import { resolve } from 'node:path';
import type { NewKeyOptions } from '../../../maintain/keys.js';
import type { Context, Flag } from '../command.js';
import { newPasswordFromTerminal, passwordFromFile } from '../password.js';
import { lineError } from '../plain-error.js';

export const NEW_KEY_FLAGS: readonly Flag[] = [
  { name: 'host', kind: 'text', help: 'the machine that the new key names (default: this one)' },
  { name: 'new-insecure-no-password', kind: 'bool', help: 'an empty password: whoever has the files can read them' },
  { name: 'new-password-file', kind: 'text', value: 'file', help: 'file with the new password' },
  { name: 'user', kind: 'text', help: 'the user that the new key names (default: this one)' },
];

/** Throws 'usage' for an empty password that nobody asked for. */
export async function newPassword({ flags, cwd, signal }: Context): Promise<string> {
  const file = flags.text('new-password-file');
  if (flags.bool('new-insecure-no-password')) {
    if (file) throw lineError('only either --new-password-file or --new-insecure-no-password may be specified');
    return '';
  }
  const password = file ? await passwordFromFile(resolve(cwd, file)) : await newPasswordFromTerminal(signal);
  if (password !== '') return password;
  const hint = 'Pass the flag `--new-insecure-no-password` to allow one';
  throw lineError(`an empty password is not allowed by default. ${hint}`);
}

export function newKeyOptions({ flags }: Context, signal: AbortSignal): NewKeyOptions {
  return { hostname: flags.text('host'), username: flags.text('user'), signal };
}
