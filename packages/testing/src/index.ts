export {
  adversarialLossContract,
  type AdversarialLossContractOptions,
} from './contracts/adversarial-loss-contract.js';
export { augmentationContract, type AugmentationContractOptions } from './contracts/augmentation-contract.js';
export { backendContract, type BackendContractOptions } from './contracts/backend-contract.js';
export { balancerContract, type BalancerContractOptions } from './contracts/balancer-contract.js';
export { collectiveContract } from './contracts/collective-contract.js';
export { dataTermContract, type DataTermContractOptions } from './contracts/data-term-contract.js';
export { datasetContract } from './contracts/dataset-contract.js';
export {
  discriminatorContract,
  type DiscriminatorContractOptions,
} from './contracts/discriminator-contract.js';
export { discrepancyContract, type DiscrepancyContractOptions } from './contracts/discrepancy-contract.js';
export { generatorContract, type GeneratorContractOptions } from './contracts/generator-contract.js';
export {
  generatorTermContract,
  type GeneratorTermContractOptions,
} from './contracts/generator-term-contract.js';
export { hookContract, type HookContractOptions } from './contracts/hook-contract.js';
export { memoryContract, type MemoryContractOptions } from './contracts/memory-contract.js';
export { methodContract, type MethodContractOptions } from './contracts/method-contract.js';
export { networkContract, type NetworkContractOptions } from './contracts/network-contract.js';
export { optimizerContract, type OptimizerContractOptions } from './contracts/optimizer-contract.js';
export { pluginContract, type PluginContractOptions } from './contracts/plugin-contract.js';
export { regularizerContract, type RegularizerContractOptions } from './contracts/regularizer-contract.js';
export { taskContract, type TaskContractOptions } from './contracts/task-contract.js';
export { collectiveFaults } from './ranks/collective-checks.js';
export { localCollectives } from './ranks/local-collectives.js';
export { mutated } from './fuzz/mutated.js';
export { scheduleContract } from './contracts/schedule-contract.js';

export type { ContractBackend } from './objective/component-checks.js';
export { relativeError } from './harness/compare.js';
export type {
  ContractRunner,
  ContractRunner as DatasetContractRunner, // its names in earlier versions
  ContractRunner as NetworkContractRunner,
} from './harness/contract-runner.js';
