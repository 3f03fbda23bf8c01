import { createHash } from 'node:crypto';
import type { ImageSource, ImageViews, Teacher } from '@anc/core';

/** Hash of everything that a cached output depends on besides image and view. */
export function teacherCacheKey(
  teacher: Pick<Teacher, 'hash'>,
  source: Pick<ImageSource, 'fingerprint'>,
  augmentation: Pick<ImageViews, 'id'>,
  float16 = false,
): string {
  const parts = [teacher.hash, source.fingerprint, augmentation.id, ...(float16 ? ['float16'] : [])];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
