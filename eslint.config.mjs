import { readdirSync } from 'node:fs';
import nx from '@nx/eslint-plugin';
import globals from 'globals';
import tseslint from 'typescript-eslint';
import { vocabularyRule } from './tools/lint/vocabulary-rule.mjs';

const NODE_BUILTINS = [
  { group: ['node:*'], message: 'core and formats run anywhere: no Node builtins.' },
  {
    regex:
      '^(assert|buffer|child_process|crypto|fs|http|https|net|os|path|stream|url|util|worker_threads|zlib)(/|$)',
    message: 'core and formats run anywhere: no Node builtins.',
  },
];
const COMPOSITION_ONLY = {
  group: ['inversify', 'inversify/*', '@inversifyjs/*', 'reflect-metadata'],
  message:
    'Dependency injection lives in packages/pipeline/src/composition only: take constructor arguments.',
};

/** Layers of the command line's folders: config <- commands -> terminal. */
const cliLayer = (...above) => ({
  group: above.map((folder) => `../${folder}/*`),
  message: 'The command line is layered: config <- commands -> terminal.',
});

/** The packages between formats and pipeline. None of them may import another one; a new folder is one of them. */
const MIDDLE = readdirSync(new URL('packages', import.meta.url)).filter(
  (name) => !['core', 'formats', 'compiler', 'pipeline', 'cli', 'create-anc-plugin'].includes(name),
);

/** Backends that run the graphs of the compiler. */
const COMPILED = ['backend-onnx', 'backend-onednn'];

/**
 * The layers core <- formats <- middle <- pipeline <- cli as Nx constraints.
 * @param {string[]} extra tags that every middle package may import besides (tests import the contract suites)
 */
const boundaries = (extra = []) => [
  'error',
  {
    enforceBuildableLibDependency: true,
    // Packages are imported lazily where that makes a program start sooner, and statically elsewhere.
    checkDynamicDependenciesExceptions: ['.*'],
    depConstraints: [
      {
        sourceTag: 'room:core',
        onlyDependOnLibsWithTags: ['room:core'],
        bannedExternalImports: ['inversify'],
      },
      {
        sourceTag: 'room:formats',
        onlyDependOnLibsWithTags: ['room:core', 'room:formats'],
        bannedExternalImports: ['inversify', 'commander', 'reflect-metadata'],
      },
      {
        sourceTag: 'room:compiler',
        onlyDependOnLibsWithTags: ['room:core', 'room:compiler', ...extra],
        bannedExternalImports: ['inversify', 'commander', 'reflect-metadata'],
      },
      ...MIDDLE.map((name) => ({
        sourceTag: `room:${name}`,
        onlyDependOnLibsWithTags: [
          'room:core',
          'room:formats',
          ...(COMPILED.includes(name) ? ['room:compiler'] : []),
          `room:${name}`,
          ...extra,
        ],
        bannedExternalImports: ['inversify', 'commander', 'reflect-metadata'],
      })),
      {
        sourceTag: 'room:pipeline',
        onlyDependOnLibsWithTags: [
          'room:core',
          'room:formats',
          'room:pipeline',
          ...MIDDLE.map((name) => `room:${name}`),
          ...(extra.length > 0 ? ['room:compiler'] : []), // its tests look at the graphs of steps
        ],
        bannedExternalImports: ['commander', 'consola', 'cli-table3', 'c12'],
      },
      {
        sourceTag: 'room:create-anc-plugin', // a program of its own
        onlyDependOnLibsWithTags: ['room:core', 'room:create-anc-plugin', ...extra],
        bannedExternalImports: ['inversify', 'reflect-metadata'],
      },
      {
        sourceTag: 'room:cli',
        onlyDependOnLibsWithTags: ['room:*'],
        bannedExternalImports: ['inversify', 'reflect-metadata'],
      },
    ],
  },
];

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '**/coverage/**',
      '.nx/**',
      'runs/**',
      '**/*.tsbuildinfo',
      // Sources that break the rules on purpose; tools/ci/boundaries.mjs lints them as if they were in a package.
      'tools/ci/fixtures/**',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.config.ts'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Use the seeded Rng of @anc/core.' },
      ],
      // Off: they fight numeric code. Indexing inside a loop bound by the array's length is not a missing value,
      // numbers belong in messages, and both `type` and `interface` describe a shape.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/consistent-type-definitions': 'off',
      // Off: a quarter of the time of all rules, for enums, of which there are none, and for classes that look alike.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // A tree's names are data: tree['conv/kernel'] and tree['gamma'] read alike.
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/prefer-for-of': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Contracts are met by object literals, taken apart where they are used: their functions have no `this`.
      '@typescript-eslint/unbound-method': 'off',
      // A contract may promise a Promise that one implementer fulfils at once.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
  {
    files: ['packages/**/*.ts'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': boundaries(),
      'no-restricted-imports': ['error', { patterns: [COMPOSITION_ONLY] }],
    },
  },
  {
    // Packages of others, as a user's project has them: they import what their package.json names.
    files: ['packages/create-anc-plugin/templates/**/*.ts'],
    rules: { '@nx/enforce-module-boundaries': 'off' },
  },
  {
    files: ['packages/{core,formats}/src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [COMPOSITION_ONLY, ...NODE_BUILTINS] }],
      'no-restricted-globals': [
        'error',
        { name: 'Buffer', message: 'browsers have no Buffer: use Uint8Array.' },
      ],
    },
  },
  {
    files: ['packages/pipeline/src/composition/**/*.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    files: ['packages/cli/src/config/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [COMPOSITION_ONLY, cliLayer('commands', 'terminal')] }],
    },
  },
  {
    files: ['packages/cli/src/terminal/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [COMPOSITION_ONLY, cliLayer('commands', 'config')] }],
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    plugins: { anc: { rules: { vocabulary: vocabularyRule } } },
    rules: { 'anc/vocabulary': 'error' },
  },
  {
    // The pickle protocol calls its table of objects the memo.
    files: ['packages/formats/src/pickle/**/*.ts'],
    rules: { 'anc/vocabulary': 'off' },
  },
  {
    // The command line speaks to the terminal.
    files: ['packages/cli/src/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['packages/*/test/**/*.ts', '**/*.test.ts'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': boundaries(['room:testing']),
      '@typescript-eslint/no-floating-promises': 'error',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    extends: [tseslint.configs.base],
    languageOptions: { globals: globals.node },
    rules: { 'no-undef': 'error', 'no-unused-vars': ['error', { argsIgnorePattern: '^_' }], eqeqeq: 'error' },
  },
);
