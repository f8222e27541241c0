/**
 * Acts by their ids: a record remembers those that wrote its last versions, so that an act whose reply was lost can be
 * told from one that came too late, also after others have written on top of it.
 */

/** Newest last, at most `ACTS_REMEMBERED_MAX`. */
export type ActsRemembered = readonly string[];

export const ACTS_REMEMBERED_MAX = 16;

interface Remembering {
  readonly acts?: ActsRemembered;
}

/** The record as this act leaves it. */
export const signedBy = <T extends Remembering>(record: T, actId: string): T => ({
  ...record,
  acts: [...(record.acts ?? []), actId].slice(-ACTS_REMEMBERED_MAX),
});

/** Whether this act has written a version of the record. */
export const isSignedBy = ({ acts = [] }: Remembering, actId: string): boolean => acts.includes(actId);
