/** Packs of credits in the same file as plans, applied alike: what differs is put on sale, and nothing else. */
import { z } from 'zod';
import type { AdminClient } from './adminClient.js';
import { changeOffer, differencesOf } from './offerChange.js';
import type { OfferChange } from './offerChange.js';

const content = z.strictObject({
  name: z.string().min(1),
  credits: z.int().min(1),
  amountMinor: z.int().min(1),
  currency: z.string(),
  expiresAfterDays: z.int().min(1).nullable().default(null),
});
export const filePack = content.extend({ id: z.string().min(1) });
const stored = z.object({ id: z.string(), version: z.int(), status: z.enum(['ACTIVE', 'ARCHIVED']), ...content.shape });

export type FilePack = z.infer<typeof filePack>;
type StoredPack = z.infer<typeof stored>;

export type PackChange = OfferChange<'NEW' | 'EDIT' | 'SAME'>;

const contentOf = (pack: FilePack | StoredPack): z.infer<typeof content> => {
  const { name, credits, amountMinor, currency, expiresAfterDays } = pack;
  return { name, credits, amountMinor, currency, expiresAfterDays };
};

const findPacks = async (client: AdminClient): Promise<readonly StoredPack[]> => {
  const { packs } = await client.ask(
    '{ packs { id version status name credits amountMinor currency expiresAfterDays } }',
    {},
  );
  return z.array(stored).parse(packs);
};

/** All packs on sale, as they stand in such a file. */
export const exportPacks = async (client: AdminClient): Promise<readonly FilePack[]> =>
  (await findPacks(client))
    .filter(({ status }) => status === 'ACTIVE')
    .map((pack) => ({ id: pack.id, ...contentOf(pack) }));

/** Looks at each pack of the file, and puts right what differs unless that is only to be shown. */
export const applyPacks = async (
  client: AdminClient,
  packs: readonly FilePack[],
  { isDryRun }: { readonly isDryRun: boolean },
): Promise<readonly PackChange[]> => {
  const known = packs.length === 0 ? [] : await findPacks(client);
  const changes: PackChange[] = [];
  for (const pack of packs) {
    const before = known.find(({ id }) => id === pack.id) ?? null;
    const change = changeOf(pack, before);
    changes.push(change);
    if (isDryRun || change.kind === 'SAME') continue;
    const args = { packId: pack.id, pack: contentOf(pack) };
    if (before === null) await changeOffer(client, 'pack', 'publishPack', args);
    else await changeOffer(client, 'pack', 'editPack', { ...args, version: before.version });
  }
  return changes;
};

const changeOf = (wanted: FilePack, before: StoredPack | null): PackChange => {
  const { id } = wanted;
  if (before === null) return { id, kind: 'NEW', differences: [] };
  const differences = differencesOf(contentOf(before), contentOf(wanted));
  const isSame = before.status === 'ACTIVE' && differences.length === 0;
  return { id, kind: isSame ? 'SAME' : 'EDIT', differences };
};
