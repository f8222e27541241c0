/** Tests of Apollo's suite that fail with the plug-in, each with its reason. docs/conformance.md tells them, too. */
export const DIFFERENCES = {
  'integration tests apolloServerTests.ts lifecycle context field context cloning for every request with executeOperation':
    'It runs an operation with a context value that does not say who is calling, which is a mistake of whoever wrote it.',
};
