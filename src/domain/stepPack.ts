/** What becomes of a pack: each step writes its next version, as with plans, and a pack is on sale at once. */
import type { PackId } from './ids.js';
import { packFaults } from './offer.js';
import type { Pack } from './offer.js';
import type { OfferFault } from './offerFaults.js';
import { newestOf } from './stepPlan.js';

/** What an operator decides about; id, version and status come of what is done with it. */
export type PackContent = Omit<Pack, 'id' | 'version' | 'status'>;

export type PackStep =
  /** A new pack. */
  | { readonly kind: 'PUBLISH'; readonly id: PackId; readonly content: PackContent }
  /** A new version on sale at once, also of one that was archived. */
  | { readonly kind: 'EDIT'; readonly base: number; readonly content: PackContent }
  /** Off sale. Who bought it keeps what was bought. */
  | { readonly kind: 'ARCHIVE'; readonly base: number };

export type PackStepFault =
  | 'UNKNOWN_PACK'
  | 'ALREADY_PUBLISHED'
  /** Another version came after the one that the step is based on. */
  | 'STALE'
  | 'ALREADY_ARCHIVED';

export type PackStepped =
  | { readonly ok: true; readonly pack: Pack }
  | { readonly ok: false; readonly fault: PackStepFault }
  | { readonly ok: false; readonly fault: 'UNSOUND'; readonly faults: readonly [OfferFault, ...OfferFault[]] };

/** `versions` are all of the one pack that the step is about. */
export const stepPack = (versions: readonly Pack[], step: PackStep): PackStepped => {
  const newest = newestOf(versions);
  if (step.kind === 'PUBLISH') {
    if (newest !== null) return { ok: false, fault: 'ALREADY_PUBLISHED' };
    return sound({ ...step.content, id: step.id, version: 1, status: 'ACTIVE' });
  }
  if (newest === null) return { ok: false, fault: 'UNKNOWN_PACK' };
  if (newest.version !== step.base) return { ok: false, fault: 'STALE' };
  const version = newest.version + 1;
  if (step.kind === 'EDIT') return sound({ ...step.content, id: newest.id, version, status: 'ACTIVE' });
  if (newest.status === 'ARCHIVED') return { ok: false, fault: 'ALREADY_ARCHIVED' };
  return { ok: true, pack: { ...newest, version, status: 'ARCHIVED' } };
};

const sound = (pack: Pack): PackStepped => {
  const [first, ...rest] = packFaults(pack);
  return first === undefined ? { ok: true, pack } : { ok: false, fault: 'UNSOUND', faults: [first, ...rest] };
};
