/** Whom keys and locks name as their maker. */
import { hostname, userInfo } from 'node:os';

/** This machine and its user; '' for a user that neither the environment nor the system names. */
export function thisOwner(): { readonly hostname: string; readonly username: string } {
  const username = process.env['USER'] || process.env['USERNAME'] || systemUser();
  return { hostname: hostname(), username: withDomain(username) };
}

/** "DOMAIN\\user" on Windows, as restic names users there. */
export function withDomain(username: string, platform: NodeJS.Platform = process.platform): string {
  const domain = platform === 'win32' ? process.env['USERDOMAIN'] : undefined;
  return domain && username !== '' ? `${domain}\\${username}` : username;
}

/** A service may run without USER being set. */
function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name: in a container, say.
    return '';
  }
}
