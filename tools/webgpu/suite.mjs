import { openWebgpu } from '@anc/backend-webgpu';
import { reportContract } from '../contract/report.mjs';

await reportContract('webgpu', () => openWebgpu());
