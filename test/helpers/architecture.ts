/**
 * Holds the sources against the project's rules about who may know whom. Pure: it is given the texts, so that its own
 * tests can plant violations. It reads the syntax tree, so imports in comments and strings do not count, and type
 * imports, re-exports, `import()` and `import('…').Type` do. Only cycles are judged without the type imports.
 */
import { posix } from 'node:path';
import { parseSync } from 'vite';

/** Path below `src/`, as `repo/codec.ts` → its text. */
export type Sources = ReadonlyMap<string, string>;

export interface Rules {
  /**
   * Room → what it may import besides itself: rooms, single files (`repo/codec`), or '*' for everything. The room of
   * `crypto/box.ts` is `crypto`, that of `open.ts` is `open`; a row `cli/restic` makes that folder a room of its own.
   */
  readonly rooms: Readonly<Record<string, readonly string[]>>;
  /** Room or file → packages it may import; what is not named may import none. */
  readonly packages: Readonly<Record<string, readonly string[]>>;
  /** Rooms and files without I/O: no module of node's but these. */
  readonly pure: Readonly<Record<string, readonly string[]>>;
  /** Rooms and files that may print and set the exit code. */
  readonly talkers: readonly string[];
  /** Files that may use `import.meta`. */
  readonly importMeta: readonly string[];
  /** Files that may be longer than `maxLines`. */
  readonly long: readonly string[];
  readonly maxLines: number;
}

interface Fact {
  readonly kind: 'import' | 'default-export' | 'exit' | 'console' | 'import.meta' | 'require';
  readonly text: string;
  /** An import that is gone when the program runs. */
  readonly typeOnly?: boolean;
}

/** All violations, one line each; empty if there is none. */
export function violations(sources: Sources, rules: Rules): string[] {
  const found: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [file, text] of sources) {
    const facts = factsOf(file, text);
    const imported = facts.filter((fact) => fact.kind === 'import');
    const imports = imported.map((fact) => fact.text);
    const loaded = imported.filter((fact) => !fact.typeOnly).map((fact) => fact.text);
    graph.set(
      file,
      loaded.map((path) => resolve(file, path)).filter((path) => sources.has(path)),
    );
    found.push(...imports.flatMap((path) => importFaults(file, path, sources, rules)));
    found.push(...styleFaults(file, text, facts, rules));
  }
  found.push(...cycles(graph).map((path) => `${path.join(' -> ')}: an import cycle`));
  return [...new Set(found)].sort();
}

function importFaults(file: string, path: string, sources: Sources, rules: Rules): string[] {
  const room = roomOf(file, rules.rooms);
  if (path.startsWith('node:')) {
    const pure = Object.keys(rules.pure).filter((place) => isIn(file, [place]));
    const allowed = pure.flatMap((place) => rules.pure[place] ?? []);
    return pure.length > 0 && !allowed.includes(path) ? [`${file}: imports ${path}, but does no I/O by rule`] : [];
  }
  if (!path.startsWith('.')) {
    const name = path.split('/', path.startsWith('@') ? 2 : 1).join('/');
    const allowed = [...(rules.packages[room] ?? []), ...(rules.packages[stem(file)] ?? [])];
    return allowed.includes(name) ? [] : [`${file}: imports ${path}; ${room} may import ${list(allowed)} from outside`];
  }
  const target = resolve(file, path);
  if (!sources.has(target)) return [`${file}: imports ${path}, which is no file of src/ (relative imports end in .js)`];
  if (roomOf(target, rules.rooms) === room && target.includes('/') === file.includes('/')) return [];
  const allowed = rules.rooms[room];
  if (allowed === undefined) return [`${file}: the room ${room} has no row in the table`];
  return allowed.includes('*') || isIn(target, allowed)
    ? []
    : [`${file}: imports ${target}; ${room} may import ${list(allowed)}`];
}

function styleFaults(file: string, text: string, facts: readonly Fact[], rules: Rules): string[] {
  const found: string[] = [];
  const lines = text.split('\n').length - 1;
  if (lines > rules.maxLines && !rules.long.includes(file))
    found.push(`${file}: ${lines} lines, over ${rules.maxLines}`);
  for (const fact of facts) {
    // A declaration tells how a package is, not how ours is.
    if (fact.kind === 'default-export' && !file.endsWith('.d.ts')) found.push(`${file}: a default export`);
    if (fact.kind === 'require') found.push(`${file}: ${fact.text}`);
    if (fact.kind === 'import.meta' && !rules.importMeta.includes(file))
      found.push(`${file}: import.meta, which a CommonJS bundle has not`);
    if ((fact.kind === 'exit' || fact.kind === 'console') && !isIn(file, rules.talkers))
      found.push(`${file}: ${fact.text}`);
  }
  return found;
}

/** Whether a file is one of the places, each a room or a file without its ending. */
function isIn(file: string, places: readonly string[]): boolean {
  return places.includes(stem(file)) || places.some((place) => file.startsWith(`${place}/`));
}

function stem(file: string): string {
  return file.replace(/(\.d)?\.ts$/, '');
}

/** The folder; a folder in it where the table has a row of its own for that. */
function roomOf(file: string, rooms: Rules['rooms'] = {}): string {
  const steps = file.split('/');
  const inner = steps.slice(0, 2).join('/');
  if (steps.length > 2 && inner in rooms) return inner;
  return steps.length > 1 ? (steps[0] ?? '') : stem(file);
}

function resolve(file: string, path: string): string {
  return path.startsWith('.') ? posix.join(posix.dirname(file), path).replace(/\.js$/, '.ts') : path;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.join(', ');
}

/** Each cycle once, beginning with its first file in alphabetical order. Depth-first, one colour per file. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found = new Map<string, string[]>();
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      const cycle = path.slice(at);
      const first = cycle.indexOf([...cycle].sort()[0] ?? '');
      const turned = [...cycle.slice(first), ...cycle.slice(0, first)];
      found.set(turned.join(), [...turned, turned[0] ?? '']);
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of [...graph.keys()].sort()) visit(file);
  return [...found.values()];
}

/** What the rules ask about, from the syntax tree. Throws if the file does not parse. */
function factsOf(file: string, text: string): Fact[] {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors.map((error) => error.message).join('; ')}`);
  const facts: Fact[] = [];
  walk(program, (node) => {
    const fact = factOf(node);
    if (fact !== undefined) facts.push(fact);
  });
  return facts;
}

type Node = Readonly<Record<string, unknown>>;

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, visit);
  } else if (isNode(value)) {
    visit(value);
    for (const child of Object.values(value)) walk(child, visit);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}

function factOf(node: Node): Fact | undefined {
  switch (node['type']) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return importFact(node);
    case 'ExportDefaultDeclaration':
      return { kind: 'default-export', text: '' };
    case 'ExportSpecifier':
      return nameOf(node['exported']) === 'default' ? { kind: 'default-export', text: '' } : undefined;
    case 'MetaProperty':
      return nameOf(node['meta']) === 'import' ? { kind: 'import.meta', text: '' } : undefined;
    case 'TSImportEqualsDeclaration':
      return { kind: 'require', text: 'import … = require(…)' };
    case 'CallExpression':
      return nameOf(node['callee']) === 'require' ? { kind: 'require', text: 'require(…)' } : undefined;
    case 'MemberExpression':
      return memberFact(node);
    default:
      return undefined;
  }
}

function importFact(node: Node): Fact | undefined {
  const source = node['source'] ?? undefined;
  if (source === undefined) return undefined;
  const path = isNode(source) ? source['value'] : undefined;
  const kinds = [node['importKind'], node['exportKind']];
  const typeOnly = kinds.includes('type') || node['type'] === 'TSImportType';
  if (typeof path === 'string') return { kind: 'import', text: path, typeOnly };
  return { kind: 'require', text: 'import(…) of a path that is not a literal' };
}

function memberFact(node: Node): Fact | undefined {
  const object = nameOf(node['object']);
  const property = nameOf(node['property']);
  if (object === 'console') return { kind: 'console', text: `console.${property}` };
  const exits = ['exit', 'exitCode', 'abort', 'stdout', 'stderr', 'stdin'];
  if (object === 'process' && exits.includes(property)) return { kind: 'exit', text: `process.${property}` };
  return undefined;
}

/** Of an identifier, or of a literal (`process['exit']`). */
function nameOf(node: unknown): string {
  if (!isNode(node)) return '';
  return typeof node['name'] === 'string' ? node['name'] : String(node['value'] ?? '');
}
