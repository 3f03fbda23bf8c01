interface ProcessReport {
  readonly header?: { readonly glibcVersionRuntime?: string };
}

/** Where native builds run: `linux-x64`, `linux-x64-musl` (Alpine), `darwin-arm64`, `win32-x64`; null outside of Node. */
export function platformName(): string | null {
  if (typeof process === 'undefined' || !('node' in process.versions)) return null;
  const name = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') return name;
  const { header } = process.report.getReport() as ProcessReport;
  return header?.glibcVersionRuntime === undefined ? `${name}-musl` : name;
}

/** A package that brings native code, and where its published builds run. */
export interface NativePackage {
  readonly name: string;
  readonly version: string;
  /** Names as `platformName` gives them. */
  readonly platforms: readonly string[];
}

/** `name@version`, as package managers take it; null where the package has no build for this platform. */
export function installable(
  { name, version, platforms }: NativePackage,
  platform = platformName(),
): string | null {
  return platform !== null && platforms.includes(platform) ? `${name}@${version}` : null;
}
