/** One rank of the contract of collectives: run by mpiexec, in a folder in which koffi is installed. */
import { openMpi } from '../../packages/runtime/dist/index.js';
import { collectiveFaults } from '../../packages/testing/dist/index.js';

const collective = await openMpi();
if (collective === null) throw new Error('no other ranks');
const { name, rank, ranks } = collective;
const faults = await collectiveFaults(collective);
if (rank === 0) console.log(`${name}: ${ranks} ranks keep the contract`);
if (faults.length > 0) throw new Error(`rank ${rank}: ${faults.join('; ')}`);
