/** Names that a page may say for things that it must not name itself: folders of this PC, pictures in them. */
import { randomBytes } from 'node:crypto';

export class Ids<T> {
  readonly #byKey = new Map<string, string>();
  readonly #byId = new Map<string, T>();

  /** The same for the same key, as long as this process lives. */
  give(key: string, value: T): string {
    const id = this.#byKey.get(key) ?? randomBytes(12).toString('base64url');
    this.#byKey.set(key, id);
    this.#byId.set(id, value);
    return id;
  }

  find(id: string): T | undefined {
    return this.#byId.get(id);
  }
}
