import { openNode } from '@anc/backend-tfjs';
import { reportContract } from '../contract/report.mjs';

await reportContract('tfjs:node', () => openNode('node'));
