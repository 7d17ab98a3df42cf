import js from '@eslint/js';
import globals from 'globals';

/** Rules beyond the recommended ones: each finds faults, and none is a matter of taste. Form is Prettier's. */
const rules = {
  eqeqeq: 'error',
  'no-unused-vars': ['error', { args: 'after-used', argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
  'prefer-const': 'error',
  'no-var': 'error',
  'no-implicit-globals': 'error',
  'no-self-compare': 'error',
  'no-template-curly-in-string': 'error',
  'no-unmodified-loop-condition': 'error',
  'no-unreachable-loop': 'error',
  'array-callback-return': 'error',
  'no-promise-executor-return': 'error',
};

export default [
  { ignores: ['**/node_modules/', '**/dist/', 'tests/*/output/'] },
  js.configs.recommended,
  { rules },
  {
    files: ['www/**/*.js'],
    rules: {
      'no-shadow': 'error', // not in tests, where functions that run in the page name arguments as outer variables
      'no-restricted-properties': [
        'error',
        ...['innerHTML', 'outerHTML'].map((property) => ({ property, message: 'Text goes into textContent.' })),
      ],
    },
    languageOptions: { globals: { ...globals.browser, ...globals.worker } },
  },
  { files: ['www/sw.js'], languageOptions: { globals: globals.serviceworker } },
  { files: ['tests/**/*'], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
];
