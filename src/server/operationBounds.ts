/**
 * How many operations are under way at once, over every transport: of one connection, of one account (of one address
 * without a key) and in all. An open subscription counts while it starts and while an event of it runs; how many are open
 * has bounds of its own.
 */
import { GraphQLError } from 'graphql';
import type { Caller } from '../accounts/caller.js';
import type { OperationLimits } from '../config.js';
import { REASONS } from '../domain/refusal.js';
import { FairGate } from './fairGate.js';
import type { Entry } from './fairGate.js';
import { networkOf } from './rateLimits.js';

/** Whose operation it is. */
export interface Place {
  readonly connection: object;
  readonly party: string;
  /** Gives the place of its connection back, where it has one already. */
  readonly leaveConnection?: () => void;
}

export const partyOf = ({ accountId }: Caller, address: string): string =>
  accountId === null ? `address:${networkOf(address)}` : `account:${accountId}`;

export class OperationBounds {
  readonly #connections: FairGate<object>;
  readonly #accounts: FairGate<string>;
  readonly #openOfConnections: FairGate<object>;
  readonly #openOfAccounts: FairGate<string>;

  constructor({ perConnection, perAccount, inAll, waitMs, subscriptions }: OperationLimits) {
    const atOnce = { all: Number.POSITIVE_INFINITY, waitMs: 0 };
    this.#connections = new FairGate({ each: perConnection, all: Number.POSITIVE_INFINITY, waitMs });
    this.#accounts = new FairGate({ each: perAccount, all: inAll, waitMs });
    this.#openOfConnections = new FairGate({ each: perConnection, ...atOnce });
    this.#openOfAccounts = new FairGate({ each: subscriptions.perAccount, all: subscriptions.inAll, waitMs: 0 });
  }

  /** Operations under way now. */
  get underWay(): number {
    return this.#accounts.count;
  }

  /** Before anything of an operation is looked at; an error says that its connection has too many. */
  async enterConnection(connection: object): Promise<(() => void) | GraphQLError> {
    return leaveOf(await this.#connections.enter(connection), 'connection');
  }

  /** Carries an operation out when it is its turn; an error says why it is not. */
  async run<Result>(place: Place, work: () => Promise<Result>): Promise<Result | GraphQLError> {
    const connection: Entry =
      place.leaveConnection === undefined
        ? await this.#connections.enter(place.connection)
        : { kind: 'IN', leave: place.leaveConnection };
    if (connection.kind !== 'IN') return refusedFor(connection.kind, 'connection');
    try {
      const account = await this.#accounts.enter(place.party);
      if (account.kind !== 'IN') return refusedFor(account.kind, 'account');
      return await work().finally(account.leave);
    } finally {
      connection.leave();
    }
  }

  /** An event waits for its turn as long as it takes: its source waits with it. */
  async runEvent<Result>({ party }: Place, work: () => Promise<Result>): Promise<Result> {
    const entry = await this.#accounts.enter(party, { patient: true });
    return work().finally(() => {
      if (entry.kind === 'IN') entry.leave();
    });
  }

  /** Notes an open subscription, until it is told that it is over; an error says that there are too many. */
  async openSubscription({ connection, party }: Place): Promise<(() => void) | GraphQLError> {
    const ofConnection = leaveOf(await this.#openOfConnections.enter(connection), 'connection');
    if (ofConnection instanceof GraphQLError) return ofConnection;
    const ofAccount = leaveOf(await this.#openOfAccounts.enter(party), 'account');
    if (ofAccount instanceof GraphQLError) {
      ofConnection();
      return ofAccount;
    }
    return () => {
      ofConnection();
      ofAccount();
    };
  }
}

const leaveOf = (entry: Entry, whose: Whose): (() => void) | GraphQLError =>
  entry.kind === 'IN' ? entry.leave : refusedFor(entry.kind, whose);

type Whose = 'connection' | 'account';

const refusedFor = (kind: 'EACH' | 'ALL', whose: Whose): GraphQLError => (kind === 'EACH' ? tooMany(whose) : tooBusy());

const tooMany = (whose: string): GraphQLError =>
  new GraphQLError(`Too many operations of this ${whose} are under way. Wait for their answers, then send it again.`, {
    extensions: {
      code: 'RATE_LIMITED',
      reason: 'RATE_LIMITED',
      remedy: REASONS.RATE_LIMITED.remedy,
      retryable: true,
    },
  });

/** Not the store's fault, and not the caller's. */
const tooBusy = (): GraphQLError =>
  new GraphQLError('The server has as many operations under way as it takes. Send it again in a moment.', {
    extensions: { code: 'SERVICE_UNAVAILABLE', remedy: REASONS.STORE_UNAVAILABLE.remedy, retryable: true },
  });
