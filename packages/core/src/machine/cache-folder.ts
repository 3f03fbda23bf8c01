/**
 * Folder for what can be made or downloaded again: `ANC_CACHE_DIR`, else `anc` in the user's cache folder. Null in a
 * browser.
 */
export function cacheFolder(): string | null {
  if (typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function') return null;
  const { join, resolve } = process.getBuiltinModule('node:path');
  const own = process.env['ANC_CACHE_DIR'];
  if (own) return resolve(own);
  const shared = process.env['XDG_CACHE_HOME'];
  if (shared) return join(shared, 'anc'); // empty counts as unset
  return join(process.getBuiltinModule('node:os').homedir(), '.cache', 'anc');
}
