import { defineConfig } from 'vitest/config';

/** What each mutant is tried with: the exact tests of the rules, without the long random runs. */
export default defineConfig({
  test: {
    include: ['test/unit/domain/**/*.test.ts', 'test/model/walletClock.test.ts'],
  },
});
