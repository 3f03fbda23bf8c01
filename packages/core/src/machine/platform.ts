interface ProcessReport {
  readonly header?: { readonly glibcVersionRuntime?: string };
}

type Report = typeof process.report & { excludeNetwork: boolean };

/** What reports said: one takes a twentieth of a second. */
const answers = new WeakMap<Report, boolean>();

/** Whether this Linux has glibc. */
function hasGlibc(): boolean {
  const report = process.report as Report;
  const answer = answers.get(report) ?? reportsGlibc(report);
  answers.set(report, answer);
  return answer;
}

/** Without the network: a report resolves its addresses, which takes half a second. */
function reportsGlibc(report: Report): boolean {
  const before = report.excludeNetwork;
  report.excludeNetwork = true;
  const { header } = report.getReport() as ProcessReport;
  report.excludeNetwork = before;
  return header?.glibcVersionRuntime !== undefined;
}

/** Where native builds run: `linux-x64`, `linux-x64-musl` (Alpine), `darwin-arm64`, `win32-x64`; null outside of Node. */
export function platformName(): string | null {
  if (typeof process === 'undefined' || !('node' in process.versions)) return null;
  const name = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') return name;
  return hasGlibc() ? name : `${name}-musl`;
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
