/** The pages of the sandbox, as a provider of payments has them elsewhere: where one pays, and what was agreed. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Payment, PaymentOutcome, Sandbox, VisitAction, VisitView } from '../../payments/sandbox/sandbox.js';
import type { SandboxCard, SandboxCheckout, SandboxSubscription } from '../../payments/sandbox/sandboxState.js';
import { fieldOf, takeForms } from './forms.js';
import { sendPage } from './htmlPage.js';
import type { Page } from './htmlPage.js';
import { markup } from './markup.js';
import type { Markup } from './markup.js';
import { priceOf } from './moneyText.js';

interface ById {
  readonly Params: { readonly id: string };
}

export const sandboxPages = (server: FastifyInstance, sandbox: Sandbox): void => {
  void server.register(async (scope) => {
    takeForms(scope);
    checkoutRoutes(scope, sandbox);
    portalRoutes(scope, sandbox);
  });
};

const checkoutRoutes = (scope: FastifyInstance, sandbox: Sandbox): void => {
  const url = '/payments/sandbox/checkout/:id';
  scope.get<ById>(url, ({ params }, reply) => sendCheckout(reply, sandbox.checkout(params.id), null));
  scope.post<ById>(url, async (request, reply) => {
    const { id } = request.params;
    const checkout = sandbox.checkout(id);
    const payment = PAYMENTS.find((each) => each === fieldOf(request, 'payment'));
    if (checkout === null || payment === undefined) return sendCheckout(reply, checkout, null);
    const outcome = sandbox.pay(id, payment);
    if (outcome !== 'DONE') return sendCheckout(reply, sandbox.checkout(id), outcome);
    // As elsewhere: whoever is sent back finds that the webhook was there first, if it answers in time.
    await sandbox.deliver();
    return reply.redirect(checkout.returnUrl, 303);
  });
};

const PAYMENTS: readonly Payment[] = ['PAY', 'DECLINED', 'EXPIRED', 'LATER', 'ARRIVED', 'NEVER_ARRIVED'];

const WHY_NOT: Readonly<Record<Exclude<PaymentOutcome, 'DONE'>, string>> = {
  CARD_DECLINED: 'The card was declined. Nothing was paid: try another one.',
  CARD_EXPIRED: 'The card has expired. Nothing was paid: try another one.',
  CLOSED: 'This can’t be paid any more.',
};

const sendCheckout = (
  reply: FastifyReply,
  checkout: SandboxCheckout | null,
  outcome: Exclude<PaymentOutcome, 'DONE'> | null,
): FastifyReply => sendPage(reply, checkout === null ? NO_PAGE : checkoutPage(checkout, outcome));

const NO_PAGE: Page = {
  title: 'Nothing to pay',
  status: 404,
  body: markup`<h1>Nothing to pay</h1>
    <p>There is no such page, or it is over.</p>`,
};

const NO_MONEY = markup`<p class="soft">This is the sandbox of a demo: no money moves, and it needs no card.</p>`;

const checkoutPage = (
  { title, price, plan, trialDays, status, returnUrl }: SandboxCheckout,
  outcome: keyof typeof WHY_NOT | null,
): Page => ({
  title: 'Pay',
  formsLeadTo: [new URL(returnUrl).origin],
  body: markup`<h1>Pay ${priceOf(price)}</h1>
    <p>For <strong>${title}</strong>${plan === null ? '' : `, each ${plan.interval.toLowerCase()}`}${trialDays > 0 ? `, after ${trialDays} days for nothing` : ''}.</p>
    ${outcome === null ? '' : markup`<p class="card bad" role="alert">${WHY_NOT[outcome]}</p>`}
    ${payButtons(status)}
    ${NO_MONEY}
    <p><a href="${returnUrl}">Go back without paying</a></p>`,
});

const payButtons = (status: SandboxCheckout['status']): Markup => {
  if (status === 'PENDING') {
    return markup`<p>A bank transfer is awaited.</p>
      ${buttons([
        ['ARRIVED', 'Let the transfer arrive'],
        ['NEVER_ARRIVED', 'Let it fail'],
      ])}`;
  }
  if (status !== 'OPEN') return markup`<p class="card">${status === 'PAID' ? 'It is paid.' : WHY_NOT.CLOSED}</p>`;
  return buttons([
    ['PAY', 'Pay'],
    ['DECLINED', 'Pay with a card that is declined'],
    ['EXPIRED', 'Pay with a card that has expired'],
    ['LATER', 'Pay later, by bank transfer'],
  ]);
};

const buttons = (all: readonly (readonly [Payment, string])[]): Markup =>
  markup`<form method="post" class="buttons">
    ${all.map(
      ([payment, text], index) =>
        markup`<button name="payment" value="${payment}"${index === 0 ? '' : PLAIN}>${text}</button>`,
    )}
  </form>`;

const PLAIN = markup` class="plain"`;

const portalRoutes = (scope: FastifyInstance, sandbox: Sandbox): void => {
  const url = '/payments/sandbox/portal/:id';
  const send = (reply: FastifyReply, id: string): FastifyReply => {
    const view = sandbox.visit(id);
    return sendPage(reply, view === null ? NO_PAGE : portalPage(view));
  };
  scope.get<ById>(url, ({ params }, reply) => send(reply, params.id));
  scope.post<ById>(url, async (request, reply) => {
    const { id } = request.params;
    const view = sandbox.visit(id);
    const action = actionOf(fieldOf(request, 'action'), fieldOf(request, 'value'));
    if (view === null || action === null) return send(reply, id);
    sandbox.act(id, action);
    await sandbox.deliver();
    // What somebody was sent here for is done: back. Of an overview there may be more to do.
    return view.visit.flow === 'OVERVIEW' ? send(reply, id) : reply.redirect(view.visit.returnUrl, 303);
  });
};

const CARDS: Readonly<Record<SandboxCard, string>> = {
  WORKS: 'a card that works',
  EXPIRED: 'a card that has expired',
  DECLINED: 'a card that is declined',
  WANTS_OWNER: 'a card that wants its owner',
};

const actionOf = (action: string, value: string): VisitAction | null => {
  switch (action) {
    case 'USE_CARD': {
      const card = (Object.keys(CARDS) as readonly SandboxCard[]).find((each) => each === value);
      return card === undefined ? null : { kind: action, card };
    }
    case 'CHANGE_PLAN':
      return { kind: action };
    case 'CANCEL':
      return { kind: action, subscriptionId: value };
    default:
      return null;
  }
};

const portalPage = ({ visit, customer, subscriptions }: VisitView): Page => ({
  title: 'What you agreed',
  formsLeadTo: [new URL(visit.returnUrl).origin],
  body: markup`<h1>What you agreed</h1>
    ${visit.flow === 'CHANGE_PLAN' && visit.plan !== null ? changeCard(visit.plan) : ''}
    ${visit.flow === 'CANCEL' ? '' : cardsOf(customer.card)}
    ${subscriptions.map((each) => subscriptionCard(each, visit.flow !== 'UPDATE_PAYMENT_METHOD'))}
    ${NO_MONEY}
    <p><a href="${visit.returnUrl}">Go back</a></p>`,
});

const actionButton = (action: VisitAction['kind'], value: string, text: string, style: Markup | string = ''): Markup =>
  markup`<form method="post">
    <input type="hidden" name="action" value="${action}">
    <button name="value" value="${value}"${style}>${text}</button>
  </form>`;

const changeCard = ({ name, price, interval }: NonNullable<VisitView['visit']['plan']>): Markup =>
  markup`<section class="card offer">
    <div><h2>${name}</h2><p>${priceOf(price)} a ${interval.toLowerCase()}</p></div>
    ${actionButton('CHANGE_PLAN', '', `Change to ${name}`)}
  </section>`;

const cardsOf = (card: SandboxCard | null): Markup =>
  markup`<section class="card">
    <h2>Card</h2>
    <p>${card === null ? 'There is none.' : `What is charged is ${CARDS[card]}.`}</p>
    <div class="buttons">${(Object.keys(CARDS) as readonly SandboxCard[]).map((each) =>
      actionButton('USE_CARD', each, `Use ${CARDS[each]}`, each === 'WORKS' ? '' : PLAIN),
    )}</div>
  </section>`;

const dayOf = (instant: number): string => new Date(instant).toISOString().slice(0, 10);

const subscriptionCard = (
  { id, plan, nextPlan, paidUntil, cancelsAt, failure }: SandboxSubscription,
  canCancel: boolean,
): Markup =>
  markup`<section class="card offer">
    <div>
      <h2>${plan.name}</h2>
      <p>${priceOf(plan.price)} a ${plan.interval.toLowerCase()}, ${failure === null ? 'paid' : 'not paid since'} ${failure === null ? 'until' : ''} ${dayOf(paidUntil)}.</p>
      ${nextPlan === null ? '' : markup`<p>From then on ${nextPlan.name}.</p>`}
      ${cancelsAt === null ? '' : markup`<p>It ends on ${dayOf(cancelsAt)}.</p>`}
    </div>
    ${canCancel && cancelsAt === null ? actionButton('CANCEL', id, 'Cancel at the end of the period', PLAIN) : ''}
  </section>`;
