/** The page behind `remedyUrl` where the operator has given no page of their own: what to do, in words. */
import type { Remedy } from '../../domain/refusal.js';
import { htmlPage } from './htmlPage.js';

interface Advice {
  readonly title: string;
  readonly text: string;
}

const ADVICE: Readonly<Record<Remedy, Advice>> = {
  USE_VALID_KEY: {
    title: 'Use a valid API key',
    text: 'Send the key in the header “Authorization: Bearer <key>”. A key that is not known, has expired or was revoked must be replaced: ask whoever runs this API for a new one.',
  },
  CONTACT_SUPPORT: {
    title: 'Contact support',
    text: 'The account is suspended, or its key may not use this feature. Paying would not help; whoever runs this API can.',
  },
  SLOW_DOWN: {
    title: 'Slow down',
    text: 'More requests came than are allowed in a minute. Wait as long as the header “Retry-After” says.',
  },
  UPDATE_PAYMENT_METHOD: {
    title: 'Update the payment method',
    text: 'A payment for the subscription failed and the time to mend it is over. Give whoever runs this API a card that works; once the payment is made, the subscription covers again at once.',
  },
  RENEW_SUBSCRIPTION: {
    title: 'Renew the subscription',
    text: 'The subscription that covered this field has ended. Ask whoever runs this API to renew it; it covers again at once.',
  },
  UPGRADE_PLAN: {
    title: 'Upgrade the plan',
    text: 'The plan does not cover this field, or its limit is used up. A limit begins anew at the time that the error names as “resetAt”; whoever runs this API can change the plan before. The query “{ billing { terms { coordinate plans { id name } } } }” lists the plans that cover each field.',
  },
  ADD_FUNDS: {
    title: 'Add funds',
    text: 'The field can be bought with credits, and the balance does not suffice. Whoever runs this API can add credits to the account; they count at once. The query “{ billing { balance { available } } }” tells what there is.',
  },
  SUBSCRIBE: {
    title: 'Subscribe',
    text: 'The field is for subscribers. Whoever runs this API can start a subscription; it covers at once. The query “{ billing { plans { id name amountMinor currency } } }” lists what can be subscribed to.',
  },
  RETRY_LATER: {
    title: 'Try again later',
    text: 'What the account has could not be looked up. Nothing was charged. Try again in a few seconds.',
  },
};

/** `add-funds` for `ADD_FUNDS`: how a remedy is written in a path. */
export const remedySlug = (remedy: string): string => remedy.toLowerCase().replaceAll('_', '-');

/** The page's HTML, or `null` where no remedy has this slug. */
export const remedyPage = (slug: string): string | null => {
  const found = Object.entries(ADVICE).find(([remedy]) => remedySlug(remedy) === slug);
  if (found === undefined) return null;
  const [, { title, text }] = found;
  return htmlPage(title, `<h1>${title}</h1>\n<p>${escapeHtml(text)}</p>`);
};

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
