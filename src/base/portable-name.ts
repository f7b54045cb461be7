/** Names that cannot exist on Windows: learn.microsoft.com, "Naming Files, Paths, and Namespaces". */

const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])[ ]*(\..*)?$/i;
const FORBIDDEN = /[<>:"|?*\\/]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the characters that Windows forbids
const CONTROL = /[\u0000-\u001f]/;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const LONGEST = 255;

/** Why one name (no path) cannot exist on Windows, or undefined. */
export function checkPortableName(name: string): string | undefined {
  if (name === '' || name === '.' || name === '..') return 'is no name';
  const forbidden = FORBIDDEN.exec(name)?.[0];
  if (forbidden !== undefined) return `has the character ${forbidden}`;
  if (CONTROL.test(name)) return 'has a control character';
  if (name.endsWith('.') || name.endsWith(' ')) return 'ends with a dot or a space';
  if (RESERVED.test(name)) return 'is reserved for a device';
  if (LONE_SURROGATE.test(name)) return 'is not valid Unicode';
  if (name.length > LONGEST) return `is longer than ${LONGEST} characters`;
  return undefined;
}
