/** JSON text as Go's encoding/json writes it; the bytes of a tree, and so its id, depend on each escape. */

/**
 * What Go escapes: `<`, `>` and `&` too, so that the text is safe inside HTML. Lone surrogates stand for bytes.
 * `[^ -…]` is all below the space: the control characters.
 */
const SPECIAL = /["\\<>&\u2028\u2029\p{Cs}]|[^ -\u{10ffff}]/u;
/** Nearly all strings: ASCII with nothing to escape. */
const PLAIN = /^[ !#-%'-;=?-[\]-~]*$/;
const ALL_SPECIAL = new RegExp(SPECIAL, 'gu');
const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** A JSON string with its quotes. What is not valid Unicode becomes `\ufffd`, once for each byte, as in Go. */
export function goJsonString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  return SPECIAL.test(text) ? `"${text.replace(ALL_SPECIAL, escapeOne)}"` : `"${text}"`;
}

function escapeOne(char: string): string {
  const short = SHORT[char];
  if (short !== undefined) return short;
  const code = char.charCodeAt(0);
  return code >= 0xd800 && code <= 0xdfff ? '\\ufffd' : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** Go writes raw JSON that it was given without spaces between the tokens, and escapes it like its own. */
export function goCompactJson(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|\s+/gs, (token) =>
    token.startsWith('"') ? token.replace(/[<>&\u2028\u2029]/g, escapeOne) : '',
  );
}

/** JSON without spaces, as Go indents it: by two spaces, empty lists and objects on one line. */
export function goIndentJson(compact: string): string {
  let out = '';
  let indent = '\n';
  for (const [token] of compact.matchAll(/"(?:[^"\\]|\\.)*"|\[\]|\{\}|[[\]{},:]|[^"[\]{},:]+/gs)) {
    if (token === '[' || token === '{') {
      indent += '  ';
      out += token + indent;
    } else if (token === ']' || token === '}') {
      indent = indent.slice(0, -2);
      out += indent + token;
    } else if (token === ',') {
      out += token + indent;
    } else {
      out += token === ':' ? ': ' : token;
    }
  }
  return out;
}
