/** The one place that knows which products there are. */
import type { Product } from './product.js';

/** Loaded when it is asked for, so that a server carries the data of no product but its own. */
export const openProduct = async (): Promise<Product> => (await import('./demo/createAtlas.js')).createAtlas();
