/** Whom keys and locks name as their maker. */
import { hostname } from 'node:os';

/** This machine and its user, as the environment tells; '' for a user that it does not tell. */
export function thisOwner(): { readonly hostname: string; readonly username: string } {
  return { hostname: hostname(), username: process.env['USER'] ?? process.env['USERNAME'] ?? '' };
}
