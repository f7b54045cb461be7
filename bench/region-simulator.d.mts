export class RegionFile {
  readonly bytes: Buffer;
  constructor(options?: { readonly inPlace?: boolean });
  save(index: number, data: Buffer, time: number): void;
}
