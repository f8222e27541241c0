/** What a schema must be like: the recommended rules of graphql-eslint, for each schema that is served. */
import graphqlEslint from '@graphql-eslint/eslint-plugin';
import { defineConfig } from 'eslint/config';

const graphQLConfig = {
  projects: {
    product: {
      schema: ['schema/directive.graphql', 'schema/billing.graphql', 'schema/payments.graphql', 'schema/atlas.graphql'],
    },
    admin: { schema: 'schema/admin.graphql' },
  },
};

/** Types whose values nobody asks for by a name: parts of others, and what a mutation or a question answers. */
const WITHOUT_ID = {
  suffixes: ['Connection', 'Edge', 'Payload'],
  types: [
    'AutoTopUp',
    'Balance',
    'Billing',
    'BillingPortal',
    'CheckFigure',
    'CheckRemedy',
    'CheckResult',
    'City',
    'Diagnosis',
    'KeyBudget',
    'LimitUsage',
    'Money',
    'UsageSum',
    'PageInfo',
    'PlanChange',
    'PlanDifference',
    'PlanFeature',
    'PlanPreview',
    'Proration',
    'Quote',
    'QuotedRefusal',
    'RefusalCount',
    'RefusalSpan',
    'RefusalStats',
    'RefusedField',
    'RemedyMutation',
  ],
};

export default defineConfig([
  {
    files: ['schema/*.graphql'],
    plugins: { '@graphql-eslint': graphqlEslint },
    languageOptions: { parser: graphqlEslint.parser, parserOptions: { graphQLConfig } },
    rules: {
      ...graphqlEslint.configs['flat/schema-recommended'].rules,
      '@graphql-eslint/strict-id-in-types': [
        'error',
        { acceptedIdNames: ['id', 'code', 'coordinate'], acceptedIdTypes: ['ID', 'String'], exceptions: WITHOUT_ID },
      ],
      '@graphql-eslint/require-description': [
        'error',
        { types: true, DirectiveDefinition: true, rootField: true, FieldDefinition: true, EnumValueDefinition: true },
      ],
    },
  },
  {
    // Which of the directives a schema uses is its author's choice.
    files: ['schema/directive.graphql'],
    rules: { '@graphql-eslint/no-unreachable-types': 'off' },
  },
]);
