/**
 * Proves that the module boundaries hold: imports that must be refused are refused, by the rule that should refuse
 * them, and their allowed neighbours pass. Each case is linted as if it stood in the named file.
 */
import { ESLint } from 'eslint';

const NX = '@nx/enforce-module-boundaries';
const RESTRICTED = 'no-restricted-imports';

/** @type {{ file: string, code: string, refusedBy: string | null }[]} */
const CASES = [
  { file: 'packages/core/src/index.ts', code: `import '@anc/models';`, refusedBy: NX },
  { file: 'packages/core/src/index.ts', code: `import 'node:fs';`, refusedBy: RESTRICTED },
  { file: 'packages/core/src/index.ts', code: `import 'worker_threads';`, refusedBy: RESTRICTED },
  { file: 'packages/core/src/index.ts', code: `import 'pure-rand';`, refusedBy: null },
  { file: 'packages/core/src/index.ts', code: `import '@anc/formats';`, refusedBy: NX },
  { file: 'packages/formats/src/index.ts', code: `import '@anc/core';`, refusedBy: null },
  { file: 'packages/formats/src/index.ts', code: `import '@anc/models';`, refusedBy: NX },
  { file: 'packages/formats/src/index.ts', code: `import 'node:fs';`, refusedBy: RESTRICTED },
  { file: 'packages/models/src/index.ts', code: `import '@anc/formats';`, refusedBy: null },
  { file: 'packages/datasets/src/index.ts', code: `import '@anc/formats';`, refusedBy: null },
  { file: 'packages/models/src/index.ts', code: `import '@anc/methods';`, refusedBy: NX },
  { file: 'packages/methods/src/index.ts', code: `import '@anc/backend-onnx';`, refusedBy: NX },
  { file: 'packages/datasets/src/index.ts', code: `import '@anc/runtime';`, refusedBy: NX },
  { file: 'packages/runtime/src/index.ts', code: `import 'anc-cli';`, refusedBy: NX },
  { file: 'packages/runtime/src/index.ts', code: `import '@anc/core';`, refusedBy: null },
  { file: 'packages/runtime/src/index.ts', code: `import 'node:fs';`, refusedBy: null },
  { file: 'packages/runtime/src/index.ts', code: `import '../../core/src/index.js';`, refusedBy: NX },
  { file: 'packages/backend-onnx/src/index.ts', code: `import 'inversify';`, refusedBy: RESTRICTED },
  { file: 'packages/cli/src/index.ts', code: `import 'inversify';`, refusedBy: RESTRICTED },
  { file: 'packages/cli/src/index.ts', code: `import '@anc/models';`, refusedBy: null },
  { file: 'packages/cli/src/config/flags.ts', code: `import '../commands/run.js';`, refusedBy: RESTRICTED },
  { file: 'packages/cli/src/config/flags.ts', code: `import '../terminal/table.js';`, refusedBy: RESTRICTED },
  { file: 'packages/cli/src/terminal/table.ts', code: `import '../config/flags.js';`, refusedBy: RESTRICTED },
  { file: 'packages/cli/src/commands/run.ts', code: `import '../config/flags.js';`, refusedBy: null },
  { file: 'packages/pipeline/src/index.ts', code: `import '@anc/models';`, refusedBy: null },
  { file: 'packages/pipeline/src/index.ts', code: `import 'anc-cli';`, refusedBy: NX },
  { file: 'packages/pipeline/src/index.ts', code: `import 'inversify';`, refusedBy: RESTRICTED },
  { file: 'packages/pipeline/src/composition/compose.ts', code: `import 'inversify';`, refusedBy: null },
  { file: 'packages/models/src/index.ts', code: `import '@anc/pipeline';`, refusedBy: NX },
];

const eslint = new ESLint({ ruleFilter: ({ ruleId }) => ruleId === NX || ruleId === RESTRICTED });
let failures = 0;
for (const { file, code, refusedBy } of CASES) {
  const [result] = await eslint.lintText(`${code}\n`, { filePath: file });
  const rules = [...new Set((result?.messages ?? []).map((message) => message.ruleId ?? message.message))];
  const held = refusedBy === null ? rules.length === 0 : rules.includes(refusedBy);
  if (!held) failures += 1;
  const expected = refusedBy === null ? 'allowed' : `refused by ${refusedBy}`;
  console.log(
    `${held ? 'ok  ' : 'FAIL'} ${file}: ${code} ${expected}${held ? '' : `, got ${rules.join(', ') || 'nothing'}`}`,
  );
}
console.log(`${CASES.length - failures} of ${CASES.length} boundary cases hold`);
process.exitCode = failures === 0 ? 0 : 1;
