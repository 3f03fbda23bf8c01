/** A published file: its name and, if known, its MD5. */
export interface OfficialFile {
  readonly name: string;
  readonly md5: string | null;
}
