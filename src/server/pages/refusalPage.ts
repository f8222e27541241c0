/** The page of one refusal: what was refused, what puts it right and at what price, and whether it would be served now. */
import { remedyOptionId } from '../../domain/remedyOptions.js';
import type { RemedyOption } from '../../domain/remedyOptions.js';
import { REASONS } from '../../domain/refusal.js';
import type { Refusal } from '../../domain/refusal.js';
import type { RefusalReason } from '../../domain/refusal.js';
import { refusalMessage } from '../../paywall/refuse/refusalError.js';
import type { Page } from './htmlPage.js';
import { markup } from './markup.js';
import type { Markup } from './markup.js';
import { creditsText, priceOf } from './moneyText.js';
import { remedyPage, remedySlug } from './remedyPage.js';

export interface RefusalView {
  /** What was refused, in the order of the operation. */
  readonly refusals: readonly Refusal[];
  /** Why it would be refused now; empty: it would be served. */
  readonly reasonsNow: readonly RefusalReason[];
  readonly options: readonly RemedyOption[];
  /** One purchase for each page that was shown, however often its button is pressed. */
  readonly key: string;
  /** Whether somebody comes back from paying. */
  readonly isBack: boolean;
  /** What did not work out, in words; `null`: nothing. */
  readonly fault: string | null;
  /** Where its forms lead. */
  readonly formsLeadTo: readonly string[];
}

export const refusalPage = (view: RefusalView): Page => ({
  title: 'Put it right',
  formsLeadTo: view.formsLeadTo,
  body: markup`<h1>${view.reasonsNow.length === 0 ? 'It would be served now' : 'Put it right'}</h1>
    ${view.fault === null ? '' : markup`<p class="card bad" role="alert">${view.fault}</p>`}
    ${statusOf(view)}
    <h2>What was refused</h2>
    <ul>${sentencesOf(view.refusals).map((sentence) => markup`<li>${sentence}</li>`)}</ul>
    ${view.reasonsNow.length === 0 ? '' : waysOut(view)}`,
});

/** The items of a list are refused in the same words. */
const sentencesOf = (refusals: readonly Refusal[]): readonly string[] => [...new Set(refusals.map(refusalMessage))];

const statusOf = ({ reasonsNow, isBack }: RefusalView): Markup | string => {
  if (reasonsNow.length === 0) {
    return markup`<p class="card good" role="status">Send the same request again: it would be served now.</p>`;
  }
  return isBack
    ? markup`<p class="card bad" role="status">It would not be served yet. A payment that is under way counts as soon as it
      arrives: load this page again then.</p>`
    : '';
};

const waysOut = (view: RefusalView): Markup =>
  view.options.length === 0
    ? markup`<h2>What puts it right</h2>
      ${adviceOf(view.reasonsNow)}`
    : markup`<h2>What puts it right</h2>
      ${view.options.map((option) => offerOf(option, view.key))}`;

/** Nothing that is for sale here helps. */
const adviceOf = (reasons: readonly RefusalReason[]): readonly Markup[] =>
  [...new Set(reasons.map((reason) => REASONS[reason].remedy))].map((remedy) => {
    const page = remedyPage(remedySlug(remedy));
    return markup`<section class="card">${page?.body ?? ''}</section>`;
  });

const offerOf = (option: RemedyOption, key: string): Markup => {
  const { title, text, button } = wordsOf(option);
  return markup`<section class="card offer">
    <div><h3>${title}</h3><p>${text}</p></div>
    <form method="post">
      <input type="hidden" name="key" value="${key}">
      <button name="option" value="${remedyOptionId(option)}">${button}</button>
    </form>
  </section>`;
};

const wordsOf = (option: RemedyOption): { readonly title: string; readonly text: string; readonly button: string } => {
  switch (option.kind) {
    case 'PACK': {
      const { name, credits, price, expiresAfterDays } = option.pack;
      const what = name === creditsText(credits) ? '' : `${creditsText(credits)}. `;
      const lasts = expiresAfterDays === null ? 'They don’t expire.' : `Good for ${expiresAfterDays} days.`;
      const enough = option.suffices ? '' : ' Not enough alone.';
      return { title: name, text: `${what}${lasts}${enough}`, button: `Pay ${priceOf(price)}` };
    }
    case 'SUBSCRIBE': {
      const { name, price, interval } = option.plan;
      return { title: name, text: `${priceOf(price)} a ${interval.toLowerCase()}.`, button: `Subscribe to ${name}` };
    }
    case 'CHANGE_PLAN': {
      const { name, price, interval } = option.plan;
      const text = `${priceOf(price)} a ${interval.toLowerCase()}, in place of the present plan.`;
      return { title: name, text, button: `Change to ${name}` };
    }
    case 'UPDATE_PAYMENT_METHOD':
      return {
        title: 'Another card',
        text: 'The last payment for the subscription failed. It is tried again with the card that you give.',
        button: 'Give another card',
      };
  }
};

export const NO_REFUSAL: Page = {
  title: 'Nothing is known of it',
  status: 404,
  body: markup`<h1>Nothing is known of it</h1>
    <p>Refusals are kept for 30 days, and this is none of them. Send the request again: what it says then has a page.</p>
    <p><a href="/remedies">What puts refusals right</a></p>`,
};
