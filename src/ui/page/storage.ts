/** What the page remembers: the language for good, and which window it is as long as it is open. */

const COOKIE = 'instance-sync-language';
const HOME = 'instance-sync-home';
const YEAR_S = 31_536_000;

/** A cookie: every window has a port of its own, and with it a local storage of its own, but cookies know no ports. */
export function rememberLanguage(language: string): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store is not in all browsers
  document.cookie = `${COOKIE}=${language}; Max-Age=${YEAR_S}; Path=/; SameSite=Strict`;
}

export function recallLanguage(): string | undefined {
  return new RegExp(`(?:^|; )${COOKIE}=(\\w+)`).exec(document.cookie)?.[1];
}

export function rememberHome(text: string): void {
  try {
    sessionStorage.setItem(HOME, text);
  } catch {
    // A browser that is told to keep nothing: after a reload the way back is missing, no more.
  }
}

/** A new window begins; on this port there may have been another one. */
export function forgetHome(): void {
  try {
    sessionStorage.removeItem(HOME);
  } catch {
    // Nothing was kept.
  }
}

export function recallHome(): string | undefined {
  try {
    return sessionStorage.getItem(HOME) ?? undefined;
  } catch {
    return undefined;
  }
}
