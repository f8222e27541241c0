/** What is served and started must be built, once, before files that need it run side by side. */
import { buildGraphiql } from '../../scripts/buildGraphiql.mjs';
import { compile } from '../../scripts/compile.mjs';

export const setup = async (): Promise<void> => {
  await compile();
  await buildGraphiql();
};
