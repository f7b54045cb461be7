/**
 * The shape of every request: what is not exactly of it is refused before anybody works with it. What a text means (an
 * id that was given, a path inside the game folder) is for whoever answers to judge.
 */
import type { Answer } from '../protocol.js';
import type { Reads, Writes } from '../requests.js';

type Check = (value: unknown) => boolean;

/** A field that may be missing is marked; the types see to it that both are as in the protocol. */
type Needed = { readonly check: Check; readonly optional: false };
type Optional = { readonly check: Check; readonly optional: true };
type Fields<T> = { readonly [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? Optional : Needed };
type Given<T> = string extends keyof T ? Record<never, never> : Fields<T>;

const MAX_NAME = 300;
/** The longest path that a system of ours has. */
const MAX_PATH = 4096;
const MAX_UNITS = 50_000;

function text(max: number): Check {
  return (value) => typeof value === 'string' && value.length <= max;
}

function oneOf(...values: readonly string[]): Check {
  return (value) => typeof value === 'string' && values.includes(value);
}

function needed(check: Check): Needed {
  return { check, optional: false };
}

function optional(check: Check): Optional {
  return { check, optional: true };
}

const id = needed(text(MAX_NAME));
const name = text(MAX_PATH);
const instance = { instance: id };
const preset = needed(oneOf('worlds', 'personal', 'everything'));

const ANSWERS: { readonly [Kind in Answer['kind']]: Fields<Extract<Answer, { kind: Kind }>> } = {
  conflict: { kind: id, units: needed(isUnits) },
  deletion: { kind: id, deletion: needed(oneOf('send', 'restore')) },
  relocation: { kind: id, relocation: needed(oneOf('moved', 'copied')) },
  play: { kind: id },
  cancel: { kind: id },
};

export const READS: { readonly [Name in keyof Reads]: Given<Reads[Name]['in']> } = {
  instances: {},
  stand: instance,
  history: { ...instance, world: optional(name), limit: optional((value) => /^\d{1,5}$/.test(String(value))) },
  changes: { ...instance, version: id },
  folder: { ...instance, version: id, path: needed(name) },
  trash: instance,
  setup: {},
};

export const WRITES: { readonly [Name in keyof Writes]: Given<Writes[Name]['in']> } = {
  answer: { question: id, answer: needed(isAnswer) },
  stop: {},
  bye: {},
  sync: { ...instance, task: needed(oneOf('pull', 'push')) },
  'plan-restore': { ...instance, version: id, path: optional(name) },
  restore: { ...instance, version: id, path: optional(name) },
  'plan-undo': instance,
  undo: instance,
  'empty-trash': instance,
  disable: instance,
  'check-server': { url: needed(name), token: needed(name) },
  presets: {},
  'finish-setup': { url: needed(name), token: optional(name), instanceId: optional(text(MAX_NAME)), preset },
  'write-hooks': instance,
};

/** Whether a value has all the fields that it must have, and no other. */
export function hasShape(value: unknown, fields: Readonly<Record<string, Needed | Optional>>): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = new Map<string, unknown>(Object.entries(value));
  const isKnown = [...entries.keys()].every((key) => Object.hasOwn(fields, key));
  return isKnown && Object.entries(fields).every(([key, field]) => isFine(entries, key, field));
}

function isFine(entries: ReadonlyMap<string, unknown>, key: string, { check, optional }: Needed | Optional): boolean {
  return entries.has(key) ? check(entries.get(key)) : optional;
}

function isAnswer(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('kind' in value) || typeof value.kind !== 'string') return false;
  const fields = new Map(Object.entries(ANSWERS)).get(value.kind);
  return fields !== undefined && hasShape(value, fields);
}

function isUnits(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const isChoice = oneOf('local', 'cloud', 'keep-both');
  const entries = Object.entries(value);
  return entries.length <= MAX_UNITS && entries.every(([unit, choice]) => name(unit) && isChoice(choice));
}
