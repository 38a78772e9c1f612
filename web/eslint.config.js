import { defineConfigWithVueTs, vueTsConfigs } from '@vue/eslint-config-typescript'
import pluginVue from 'eslint-plugin-vue'
import a11y from 'eslint-plugin-vuejs-accessibility'

export default defineConfigWithVueTs(
  { ignores: ['dist/**', 'node_modules/**', 'src/api/schema.d.ts'] },
  pluginVue.configs['flat/recommended'],
  a11y.configs['flat/recommended'],
  vueTsConfigs.strict,
  {
    rules: {
      'no-console': 'error',
      'no-eval': 'error',
      'max-lines': ['error', { max: 200 }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      'vue/no-v-html': 'error',
      // A static style attribute needs style-src 'unsafe-inline'; a bound one goes through the CSSOM.
      'vue/no-static-inline-styles': 'error',
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': ['error', { html: { void: 'always', normal: 'always', component: 'always' } }],
      'vue/require-default-prop': 'off',
      'vue/multi-word-component-names': 'off',
      'vue/no-undef-components': ['error', { ignorePatterns: ['RouterLink', 'RouterView'] }],
      // Labels are tied by id; nesting as well is not needed.
      'vuejs-accessibility/label-has-for': ['error', { required: { some: ['nesting', 'id'] } }],
    },
  },
  { files: ['src/pages/**/*.vue', 'tests/**'], rules: { 'max-lines': ['error', { max: 300 }] } },
  // A catalogue is as long as there are words, a generated table as there are operations.
  { files: ['src/locales/**/*.ts', 'src/api/permissions.ts'], rules: { 'max-lines': 'off' } },
  { files: ['tests/**', 'scripts/**'], rules: { 'no-console': 'off' } },
)
