/** Whom keys and locks name as their maker. */
import { hostname, userInfo } from 'node:os';

/** This machine and its user; '' for a user that neither the environment nor the system names. */
export function thisOwner(): { readonly hostname: string; readonly username: string } {
  return { hostname: hostname(), username: process.env['USER'] || process.env['USERNAME'] || systemUser() };
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
