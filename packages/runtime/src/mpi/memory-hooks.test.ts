import { describe, expect, it } from 'vitest';
import { turnOffMemoryHooks } from './memory-hooks.js';

const OFF = {
  UCX_MEM_MMAP_HOOK_MODE: 'none',
  UCX_MEM_MALLOC_HOOKS: 'n',
  UCX_MEM_EVENTS: 'n',
  OMPI_MCA_memory: '^patcher',
};

describe('turnOffMemoryHooks', () => {
  it('turns off every hook, and leaves other variables alone', () => {
    const environment = { PATH: '/bin', UCX_TLS: 'tcp' };
    turnOffMemoryHooks(environment);
    expect(environment).toEqual({ PATH: '/bin', UCX_TLS: 'tcp', ...OFF });
  });

  it.each(Object.keys(OFF))('keeps what the user has set %s to, if only nothing', (name) => {
    for (const own of ['own', '']) {
      const environment = { [name]: own };
      turnOffMemoryHooks(environment);
      expect(environment).toEqual({ ...OFF, [name]: own });
    }
  });
});
