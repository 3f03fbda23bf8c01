/**
 * A name as that of a folder: characters that some system does not allow there become `-`, and dots and spaces at its end
 * are left out.
 */
export const folderName = (name: string): string =>
  // eslint-disable-next-line no-control-regex -- Windows allows none of them
  name.replace(/[<>:"/\\|?*\x00-\x1f]+/g, '-').replace(/[. ]+$/, '') || '-';
