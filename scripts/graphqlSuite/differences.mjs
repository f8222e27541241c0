/** Tests of graphql-js that fail through a paywall, each with its reason. docs/conformance.md tells them, too. */
const COPIES = 'Types and schema are copies, in which fields are gated: equal, and not the same object.';
const OPTION = 'An option of graphql-js’s execute that paywall.execute does not take.';
const PLAIN = 'It fails without a paywall, too, once it waits for its operation.';

/** @type {Readonly<Record<string, string>>} */
export const DIFFERENCES = {
  'Execute: Handles execution of abstract types > resolveType on Interface yields useful error':
    'It changes the schema after the paywall was made of it.',
  'Execute: Handles basic execution tasks > provides info about current execution state': COPIES,
  'Execute: Union and intersection types > gets execution info in resolver': COPIES,
  'Execute: Handles basic execution tasks > populates path correctly with complex types':
    'The path of a paid position has a mark of the paywall, under a symbol.',
  'Execute: Handles basic execution tasks > uses a custom type resolver': OPTION,
  'Execute: Handles basic execution tasks > uses a different number of max coercion errors': OPTION,
  'Subscription Initialization Phase > uses a custom default subscribeFieldResolver': OPTION,
  'Execute: Handles basic execution tasks > handles sync errors combined with rejections': PLAIN,
  'Subscription Initialization Phase > throws an error if some of required arguments are missing': PLAIN,
  'Subscription Initialization Phase > should pass through unexpected errors thrown in subscribe': PLAIN,
  'Subscription Initialization Phase > throws an error if subscribe does not return an iterator': PLAIN,
};
