/**
 * Reads packs whole, and has everything in them held against what it must be (worker/check-pack.ts). Memory: the packs on
 * their way or looked at, together MAX_BYTES, or one larger pack.
 */
import { forEachLimit, Semaphore } from '../base/concurrency.js';
import type { PackId } from '../base/ids.js';
import { PartMemory } from '../repo/part-memory.js';
import type { Repository } from '../repo/repository.js';
import type { PackProblems } from '../worker/check-pack.js';
import type { PartWork } from '../worker/part-work.js';
import type { Findings } from './check-findings.js';
import { defectOf } from './check-findings.js';
import type { IndexedPack } from './check-packs.js';

const CONNECTIONS = 5;
/** Packs that are looked at meanwhile. */
const AHEAD = 2;
const MAX_BYTES = 128 * 1024 * 1024;
/** Memory is kept for packs of the usual 16 MiB, which end with the blob that fills them. */
const USUAL = 24 * 1024 * 1024;
/** A second look tells damage on the way from damage in the repository. */
const ATTEMPTS = 2;
/** Of a damaged pack's problems, how many its message tells. */
const MAX_TOLD = 50;

export interface ReadPacksOptions {
  readonly work: Pick<PartWork, 'checkPack'>;
  readonly signal: AbortSignal | undefined;
  readonly onPack: (pack: IndexedPack) => void;
}

/** Adds 'pack-damaged', 'pack-unreadable', and 'index-disagrees'. */
export async function readPacks(
  repo: Repository,
  findings: Findings,
  packs: readonly IndexedPack[],
  options: ReadPacksOptions,
): Promise<void> {
  const room = new Semaphore(MAX_BYTES);
  const reader = new PackReader(repo, findings, options);
  await forEachLimit(
    packs,
    CONNECTIONS + AHEAD,
    async (pack) => {
      const release = await room.acquire(Math.max(pack.size, 1));
      try {
        await reader.read(pack);
      } finally {
        release();
      }
      options.onPack(pack);
    },
    options.signal,
  );
}

class PackReader {
  readonly #repo: Repository;
  readonly #findings: Findings;
  readonly #options: ReadPacksOptions;
  readonly #slots = new Semaphore(CONNECTIONS);
  readonly #memory = new PartMemory(USUAL);

  constructor(repo: Repository, findings: Findings, options: ReadPacksOptions) {
    this.#repo = repo;
    this.#findings = findings;
    this.#options = options;
  }

  async read(pack: IndexedPack): Promise<void> {
    const { id } = pack;
    let found: PackProblems = { ofPack: [], ofIndex: [] };
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        found = await this.#look(pack);
        if (found.ofPack.length === 0) break;
      }
    } catch (error) {
      this.#findings.error('pack-unreadable', `pack ${id}: cannot be read: ${defectOf(error)}`, { packs: [id] });
      return;
    }
    tell(this.#findings, id, found);
  }

  async #look({ id, size, blobs }: IndexedPack): Promise<PackProblems> {
    const { work, signal } = this.#options;
    const into = this.#memory.take(size);
    const read = (): Promise<Uint8Array> =>
      this.#repo.backend.read('data', id, into && { offset: 0, length: size }, { signal, into });
    const { bytes, ...found } = await work.checkPack({ id, blobs }, await this.#slots.run(read));
    this.#memory.giveBack(bytes);
    return found;
  }
}

function tell(findings: Findings, id: PackId, { ofPack, ofIndex }: PackProblems): void {
  const problems = [...ofPack, ...ofIndex];
  if (problems.length === 0) return;
  const told = problems.length > MAX_TOLD ? [...problems.slice(0, MAX_TOLD), '…'] : problems;
  const list = `${problems.length} errors: [${told.join('; ')}]`;
  if (ofPack.length > 0) findings.error('pack-damaged', `pack ${id} contains ${list}`, { packs: [id], problems });
  else findings.error('index-disagrees', `pack ${id} is sound, but the index has ${list}`, { packs: [id], problems });
}
