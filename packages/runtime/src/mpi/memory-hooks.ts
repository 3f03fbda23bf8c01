/**
 * Settings of UCX and Open MPI, which else replace `brk`, `munmap` and `malloc` in this process to hear of memory that is freed.
 * With them four of some sixty runs of two ranks ended with SIGSEGV, in one core dump at a page of Node's heap that was no longer
 * mapped; without them none of 22.
 */
const MEMORY_HOOKS = {
  UCX_MEM_MMAP_HOOK_MODE: 'none',
  UCX_MEM_MALLOC_HOOKS: 'n',
  UCX_MEM_EVENTS: 'n',
  OMPI_MCA_memory: '^patcher',
};

/**
 * Turns off what MPI would replace of the C library, unless the user has set it. To be called before its library is loaded.
 *
 * @param environment variables of this process, which are set
 */
export function turnOffMemoryHooks(environment: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(MEMORY_HOOKS)) environment[name] ??= value;
}
