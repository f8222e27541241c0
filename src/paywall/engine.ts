/** What every operation of one paywall shares. */
import type { Instant } from '../domain/period.js';
import type { RefusalCause, Remedy } from '../domain/refusal.js';
import type { WalletKeeper } from '../ledger/walletKeeper.js';
import type { Store } from '../store/store.js';
import type { Background } from '../accounts/background.js';
import type { DocumentCompiler } from './price/compiledOperation.js';
import type { DocumentReader } from './documents/documentReader.js';
import type { HashSecret } from '../accounts/keyHash.js';
import type { KeyUses } from '../accounts/keyUses.js';
import type { Loaders } from '../accounts/loaders.js';
import type { PlanShelf } from '../accounts/planShelf.js';
import type { PricedSchema } from './price/places.js';
import type { RefusalRecorder } from '../accounts/refusalRecorder.js';

export interface EngineSettings {
  readonly now: () => Instant;
  readonly newId: () => string;
  /** How long a hold lasts; longer than any operation may take. */
  readonly holdTtlMs: number;
  /** Positions of paid fields that one operation may ask for. */
  readonly maxPositions: number;
  /** `PARTIAL`: refused fields are null and the rest is served. `REJECT`: any refusal blocks the operation. */
  readonly whenRefused: 'PARTIAL' | 'REJECT';
  /** Where a person carries a remedy out. */
  readonly remedyUrl: (remedy: Remedy) => string | null;
  /** Where the page about a cause of refusals is. */
  readonly docsUrl: (cause: RefusalCause) => string | null;
  /** Told of what fails in the background or is answered with 503, for the operator's log. */
  readonly onFailure: (error: unknown) => void;
}

export interface Engine {
  readonly store: Store;
  readonly priced: PricedSchema;
  readonly keeper: WalletKeeper;
  readonly shelf: PlanShelf;
  readonly loaders: Loaders;
  /** How the secret of a key is stored and found. */
  readonly hashSecret: HashSecret;
  readonly keyUses: KeyUses;
  readonly background: Background;
  readonly refusals: RefusalRecorder;
  readonly compiler: DocumentCompiler;
  /** Reads documents that are quoted and not run. */
  readonly quoted: DocumentReader;
  readonly settings: EngineSettings;
}
