/**
 * POSIX access control lists as Linux keeps them in the attributes system.posix_acl_access and _default:
 *     version 2 (u32) | for each entry: tag (u16) | permissions (u16) | id of user or group (u32), all little endian
 * and as text, a line an entry, the form that tar archives hold: "user:1000:rw-".
 */
import type { Bytes } from '../base/bytes.js';

const VERSION = 2;
const ENTRY = 8;
/** Tag → its word, and whether an id follows. */
const TAGS: ReadonlyMap<number, readonly [string, boolean]> = new Map([
  [0x01, ['user', false]],
  [0x02, ['user', true]],
  [0x04, ['group', false]],
  [0x08, ['group', true]],
  [0x10, ['mask', false]],
  [0x20, ['other', false]],
] as const);

/** undefined for what is no such list. */
export function formatLinuxAcl(value: Bytes): string | undefined {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  if (value.length < 4 || (value.length - 4) % ENTRY !== 0 || view.getUint32(0, true) !== VERSION) return undefined;
  let text = '';
  for (let at = 4; at < value.length; at += ENTRY) {
    const [word, hasId] = TAGS.get(view.getUint16(at, true)) ?? [];
    if (word === undefined) return undefined;
    const bits = view.getUint16(at + 2, true);
    const permissions = `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${bits & 1 ? 'x' : '-'}`;
    text += `${word}:${hasId ? view.getUint32(at + 4, true) : ''}:${permissions}\n`;
  }
  return text;
}
