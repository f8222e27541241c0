/** What every operation of one paywall shares. */
import type { Bank } from '../accounts/bank.js';
import type { Settings } from '../accounts/settings.js';
import type { DocumentCompiler } from './price/compiledOperation.js';
import type { DocumentReader } from './documents/documentReader.js';
import type { PricedSchema } from './price/places.js';

export interface PaywallSettings {
  /** Positions of paid fields that one operation may ask for. */
  readonly maxPositions: number;
  /** `PARTIAL`: refused fields are null and the rest is served. `REJECT`: any refusal blocks the operation. */
  readonly whenRefused: 'PARTIAL' | 'REJECT';
}

/** The bank, and what one schema has. */
export interface Engine extends Bank {
  readonly settings: Settings & PaywallSettings;
  readonly priced: PricedSchema;
  readonly compiler: DocumentCompiler;
  /** Reads documents of the schema within the limits. */
  readonly documents: DocumentReader;
  /** Reads documents that are quoted and not run. */
  readonly quoteDocuments: DocumentReader;
}
