/** A published file: its name and, if known, its MD5. */
export interface OfficialFile {
  readonly name: string;
  readonly md5: string | null;
  /** MD5 of what a .gz file unpacks to. */
  readonly unpackedMd5?: string;
}
