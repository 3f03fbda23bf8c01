/**
 * Makes a folder, and those around it where they are missing. `mkdir` with `recursive` never ends below a folder such as
 * /proc, which exists and in which the system says that nothing can exist.
 *
 * @throws what the file system says of the first folder that cannot be made.
 */
export async function makeFolder(path: string): Promise<void> {
  const { mkdir, stat } = process.getBuiltinModule('node:fs/promises');
  const isFolder = (place: string): Promise<boolean> =>
    stat(place).then(
      (found) => found.isDirectory(),
      () => false,
    );
  const make = async (): Promise<unknown> => {
    try {
      await mkdir(path);
      return undefined;
    } catch (error) {
      return (await isFolder(path)) ? undefined : error;
    }
  };
  let error = await make();
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
    const parent = process.getBuiltinModule('node:path').dirname(path);
    if (parent !== path && !(await isFolder(parent))) await makeFolder(parent);
    error = await make(); // another process may have made the parent meanwhile
  }
  if (error !== undefined) throw error as Error;
}
