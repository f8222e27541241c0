/** The page behind `remedyUrl` where the operator has given no page of their own: what to do, in words. */
import { REASONS } from '../../domain/refusal.js';
import type { Remedy, RemedyOccasion } from '../../domain/refusal.js';
import { markup } from './markup.js';
import type { Page } from './htmlPage.js';

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
  RAISE_BUDGET: {
    title: 'Raise the budget of the key',
    text: 'The account could pay, and this key has spent what it may for now. The budget begins anew at the time that the error names as “resetAt”; whoever issued the key can raise it before. The query “{ billing { apiKey { budget { credits per spent resetAt } } } }” tells what it may spend.',
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

/** Where `remedyUrl` leads: to the page of the refusal where paying helps, and elsewhere to what to do, in words. */
export const remedyAddress = (serverUrl: string, { remedy, refusal, accountId, refusalId }: RemedyOccasion): string => {
  const isPaid = refusal !== null && REASONS[refusal.reason].code === 'PAYMENT_REQUIRED';
  return isPaid && accountId !== null && refusalId !== null
    ? `${serverUrl}/refusals/${refusalId}`
    : `${serverUrl}/remedies/${remedySlug(remedy)}`;
};

const entries = Object.entries(ADVICE).map(([remedy, advice]) => ({ slug: remedySlug(remedy), ...advice }));

/** What a remedy is, in words; `null` where no remedy has this slug. */
export const remedyPage = (slug: string): Page | null => {
  const found = entries.find((each) => each.slug === slug);
  return found === undefined
    ? null
    : {
        title: found.title,
        body: markup`<h1>${found.title}</h1>
          <p>${found.text}</p>`,
      };
};

/** Every remedy. */
export const remedyIndex = (): Page => ({
  title: 'Remedies',
  body: markup`<h1>Remedies</h1>
    <p>
      What puts a refusal right is named in <code>errors[].extensions.remedy</code>. <code>remedyUrl</code> beside it
      leads to where it can be carried out.
    </p>
    <ul>
      ${entries.map(({ slug, title }) => markup`<li><a href="/remedies/${slug}">${title}</a></li>`)}
    </ul>`,
});
