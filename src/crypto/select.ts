/** Which provider a program gets that asks for none: the native one, made on first use. */
import { nativeCrypto } from './native.js';
import type { CryptoProvider } from './provider.js';

let chosen: CryptoProvider | undefined;

/** The same provider on every call of one thread. */
export function defaultCrypto(): CryptoProvider {
  chosen ??= nativeCrypto();
  return chosen;
}
