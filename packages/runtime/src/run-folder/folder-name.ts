/**
 * A name as that of a folder: characters that some system does not allow there become `-`, and dots and spaces at its end
 * are left out.
 */
export const folderName = (name: string): string =>
  name.replace(/[<>:"/\\|?*\x00-\x1f]+/g, '-').replace(/[. ]+$/, '') || '-';
