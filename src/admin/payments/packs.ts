/** Packs: each verb writes the next version, and one who was too late gets `CONFLICT`. */
import { packId } from '../../domain/ids.js';
import type { PackId } from '../../domain/ids.js';
import { packFaults } from '../../domain/offer.js';
import type { Pack } from '../../domain/offer.js';
import { stepPack } from '../../domain/stepPack.js';
import type { PackContent, PackStep, PackStepFault } from '../../domain/stepPack.js';
import { newestOf } from '../../domain/stepPlan.js';
import type { Bank } from '../../accounts/bank.js';
import type { Acting } from '../acting.js';
import { carryOutWrites } from '../carryOut.js';
import type { Decision } from '../carryOut.js';
import { unsoundOffer } from '../checkInput.js';
import { OperatorError } from '../operatorError.js';
import type { OperatorErrorCode } from '../operatorError.js';

const FAULTS: Readonly<Record<PackStepFault, readonly [code: OperatorErrorCode, message: string, argument: string]>> = {
  UNKNOWN_PACK: ['NOT_FOUND', 'There is no such pack.', 'packId'],
  ALREADY_PUBLISHED: ['CONFLICT', 'There is a pack with this id. Edit that one.', 'packId'],
  STALE: ['CONFLICT', 'This is not the pack’s newest version. Look at that one first.', 'version'],
  ALREADY_ARCHIVED: ['CONFLICT', 'This pack is archived.', 'packId'],
};

export interface PackAnswer {
  readonly pack: Pack;
}

/** What a pack offers, as it is written down. */
export interface PackTerms {
  readonly name: string;
  readonly credits: number;
  readonly amountMinor: number;
  readonly currency: string;
  /** Absent: they don't expire. */
  readonly expiresAfterDays?: number | null | undefined;
}

interface PackNamed {
  readonly packId: string;
}

interface VersionNamed extends PackNamed {
  /** The version that this is based on: the newest. */
  readonly version: number;
}

const packContentOf = ({ name, credits, amountMinor, currency, expiresAfterDays }: PackTerms): PackContent => ({
  name,
  credits,
  price: { amountMinor, currency },
  expiresAfterDays: expiresAfterDays ?? null,
});

/** All versions of a pack, as they are stored at this moment. */
const loadPackVersions = async ({ store }: Bank, id: string): Promise<readonly Pack[]> =>
  (await store.findPacks()).filter((pack) => pack.id === packId(id));

/** The version that is on sale; `null`: none is. */
export const findPackOnSale = async (bank: Bank, id: PackId): Promise<Pack | null> => {
  const newest = newestOf(await loadPackVersions(bank, id));
  return newest?.status === 'ACTIVE' ? newest : null;
};

export const publishPack = (
  acting: Acting,
  args: PackNamed & { readonly pack: PackTerms },
  key: string | null,
): Promise<PackAnswer> =>
  stepTo(acting, key, 'publishPack', args, () => ({
    kind: 'PUBLISH',
    id: packId(args.packId),
    content: packContentOf(args.pack),
  }));

export const editPack = (
  acting: Acting,
  args: VersionNamed & { readonly pack: PackTerms },
  key: string | null,
): Promise<PackAnswer> =>
  stepTo(acting, key, 'editPack', args, () => ({
    kind: 'EDIT',
    base: args.version,
    content: packContentOf(args.pack),
  }));

export const archivePack = (acting: Acting, args: VersionNamed, key: string | null): Promise<PackAnswer> =>
  stepTo(acting, key, 'archivePack', args, () => ({ kind: 'ARCHIVE', base: args.version }));

const stepTo = (
  acting: Acting,
  key: string | null,
  verb: string,
  args: PackNamed,
  stepOf: () => PackStep,
): Promise<PackAnswer> =>
  carryOutWrites(acting, key, {
    verb,
    role: 'ADMIN',
    args: { ...args },
    decide: async () => {
      const versions = await loadPackVersions(acting.bank, args.packId);
      const stepped = stepPack(versions, stepOf());
      if (!stepped.ok) {
        throw stepped.fault === 'UNSOUND'
          ? unsoundOffer('pack', stepped.faults[0])
          : new OperatorError(...FAULTS[stepped.fault]);
      }
      const [, message] = FAULTS.STALE;
      return decisionOn(newestOf(versions), stepped.pack, message);
    },
  });

const decisionOn = (before: Pack | null, pack: Pack, message: string): Decision<PackAnswer> => ({
  writes: [{ kind: 'pack', record: pack, lost: { argument: 'version', message } }],
  change: { target: `pack/${pack.id}`, before, after: pack },
  answer: { pack },
});

/** Writes a version as it is given: for packs that are kept elsewhere. The same one again changes nothing. */
export const writePackVersion = (acting: Acting, pack: Pack, key: string | null): Promise<PackAnswer> =>
  carryOutWrites(acting, key, {
    verb: 'publishPack',
    role: 'ADMIN',
    args: { packId: pack.id, version: pack.version },
    decide: async () => {
      const [fault] = packFaults(pack);
      if (fault !== undefined) throw new OperatorError('BAD_USER_INPUT', fault.message, fault.argument);
      const before = newestOf(await loadPackVersions(acting.bank, pack.id));
      return decisionOn(before, pack, `Version ${pack.version} of pack "${pack.id}" is published with other content.`);
    },
  });
