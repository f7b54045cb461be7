/** Key files besides the one that opened the repository: a broken one shuts out whoever has only its password. */

import type { KeyId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import { loadRaw } from '../repo/files.js';
import { decodeKeyFile } from '../repo/key-file.js';
import type { Repository } from '../repo/repository.js';
import type { Findings } from './check-findings.js';
import { defectOf } from './check-findings.js';

/** Warnings, as nothing of the data is lost. */
export async function checkKeys(
  { backend, codec, keyId }: Repository,
  findings: Findings,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const { name } of await backend.list('keys', { signal })) {
    const id = name as KeyId;
    if (id === keyId) continue;
    try {
      decodeKeyFile(await loadRaw(backend, codec.crypto, 'keys', id, signal), `keys/${shortId(id)}`);
    } catch (error) {
      const message = `key ${shortId(id)} opens nothing any more: ${defectOf(error)}`;
      findings.add({ severity: 'warning', code: 'key-damaged', message });
    }
  }
}
