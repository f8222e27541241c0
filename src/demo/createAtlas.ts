/** Atlas, the demo, as a product: its schema, operations to try, and accounts that stand for every kind of customer. */
import type { Product } from '../product.js';
import { loadAtlas } from './loadAtlas.js';
import { createAtlasSchema } from './createAtlasSchema.js';
import { ADMIN_EXAMPLES, EXAMPLES } from './examples.js';
import { DEMO_ACCOUNTS, demoKeys, demoOperators } from './demoKeys.js';
import { seedDemo } from './seedDemo.js';

/** Loads its data at once, which spares the first client the wait. */
export const createAtlas = (): Product => {
  loadAtlas();
  return {
    title: 'Atlas',
    schema: createAtlasSchema(),
    examples: EXAMPLES,
    seed: {
      keys: demoKeys(),
      operatorKeys: demoOperators(),
      guide: new Map(DEMO_ACCOUNTS.map(({ id, name }) => [id, name])),
      adminExamples: ADMIN_EXAMPLES,
      plant: seedDemo,
    },
  };
};
