import { expect, it } from 'vitest';
import { teacherCacheReport } from './teacher-cache.js';

const none = { hits: 0, misses: 0, inferred: 0, bytes: 0, diskHits: 0, diskBytes: 0, halfError: 0 };

it('reports the hits of one model', () => {
  const before = { ...none, hits: 10, misses: 90, inferred: 96, bytes: 2 ** 20 };
  expect(teacherCacheReport(before, before)).toBeNull();
  expect(teacherCacheReport({ ...before, hits: 85, misses: 115 }, before)).toBe(
    'teacher cache: 75.00 % hits, 1.0 MB in memory',
  );
  const disk = { ...before, hits: 110, diskHits: 50, diskBytes: 3 * 2 ** 20, halfError: 0.00123 };
  expect(teacherCacheReport(disk, before)).toBe(
    'teacher cache: 100.00 % hits, 50.00 % from disk, 1.0 MB in memory, 3.0 MB on disk, half precision changes outputs by at most 0.0012',
  );
  expect(teacherCacheReport({ ...none, misses: 4 }, null)).toContain('0.00 % hits');
});
