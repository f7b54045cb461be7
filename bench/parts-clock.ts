/** CPU time, user and system, of this process, added up under names. */

export interface Part {
  readonly name: string;
  /** Of CPU time, user and system. */
  readonly seconds: number;
  /** That went into it. */
  readonly bytes: number;
}

export class Clock {
  readonly #parts = new Map<string, { seconds: number; bytes: number }>();

  time<T>(name: string, bytes: number, work: () => T): T {
    const before = process.cpuUsage();
    const result = work();
    this.add(name, bytes, secondsSince(before));
    return result;
  }

  async timeAsync<T>(name: string, bytes: number, work: () => Promise<T>): Promise<T> {
    const before = process.cpuUsage();
    const result = await work();
    this.add(name, bytes, secondsSince(before));
    return result;
  }

  parts(): Part[] {
    return [...this.#parts].map(([name, sums]) => ({ name, ...sums }));
  }

  add(name: string, bytes: number, seconds: number): void {
    const sums = this.#parts.get(name) ?? { seconds: 0, bytes: 0 };
    this.#parts.set(name, { seconds: sums.seconds + seconds, bytes: sums.bytes + bytes });
  }
}

export function secondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

export function must(isRight: boolean): void {
  if (!isRight) throw new Error('a blob did not come back as it was');
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
