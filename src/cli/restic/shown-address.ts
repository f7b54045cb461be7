/** How the place of a repository is shown: as restic does, and never with a server's password. */

/** A server's address as it was given; a folder by its whole path, which `location` is. */
export function shownAddress(given: string, location: string): string {
  return given.startsWith('rest:') ? withoutPassword(given) : location;
}

/** Up to the last "@" of the host's part: a password may hold one. */
export function withoutPassword(address: string): string {
  return address.replace(/^(rest:https?:\/\/[^/:]*):[^/]*@/, '$1:***@');
}
