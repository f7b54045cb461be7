/**
 * Extended attributes (ACLs among them, as system.posix_acl_*), for which Node has no call. Two of the system's own tools
 * can be asked, in batches: perl, which gives them in the order of the system, as restic stores them, and getfattr,
 * which sorts them by name. Where both are missing they are left out, and the caller is told why.
 */
import type { AttributeReader } from './attributes.js';
import { askGetfattr, hasGetfattr } from './getfattr.js';
import { startPerl } from './perl-attributes.js';

export interface ChosenReader {
  readonly reader: AttributeReader | undefined;
  /** Ends the sentence "extended attributes were left out: ". */
  readonly missing?: string | undefined;
}

/** What this machine has; `tools` narrows the choice. */
export async function chooseAttributeReader(
  platform: NodeJS.Platform = process.platform,
  tools: readonly ('perl' | 'getfattr')[] = ['perl', 'getfattr'],
): Promise<ChosenReader> {
  // There they are one of several things that cannot be had, which the backup tells together.
  if (platform === 'win32') return { reader: undefined };
  if (platform !== 'linux') return { reader: undefined, missing: `on ${platform} there is no tool to read them with` };
  const perl = tools.includes('perl') ? await startPerl() : undefined;
  if (perl !== undefined) return { reader: perl };
  if (tools.includes('getfattr') && (await hasGetfattr())) {
    return { reader: { read: askGetfattr, close: () => undefined } };
  }
  return { reader: undefined, missing: 'neither perl nor getfattr (package "attr") is installed' };
}
