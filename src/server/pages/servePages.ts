/** The pages for people: what is served here, what errors mean, and what puts them right. */
import type { FastifyInstance } from 'fastify';
import type { Plan } from '../../domain/plan.js';
import type { Engine } from '../../paywall/engine.js';
import { StoreError } from '../../store/storeError.js';
import { errorIndex, errorPage } from './errorPage.js';
import { homePage } from './homePage.js';
import type { Home } from './homePage.js';
import { sendPage } from './htmlPage.js';
import type { Page } from './htmlPage.js';
import { remedyIndex, remedyPage } from './remedyPage.js';

const NO_PRODUCT: Home = { title: 'This API', guide: null };

export const servePages = (server: FastifyInstance, { shelf }: Pick<Engine, 'shelf'>, home = NO_PRODUCT): void => {
  server.get('/', async (_request, reply) => sendPage(reply, homePage(home, await offersOf(shelf))));
  server.get('/errors', (_request, reply) => sendPage(reply, errorIndex()));
  server.get('/remedies', (_request, reply) => sendPage(reply, remedyIndex()));
  pageRoute(server, '/errors/:name', errorPage);
  pageRoute(server, '/remedies/:name', remedyPage);
};

/** None while the store is away: the rest of the page needs no store. */
const offersOf = async (shelf: Engine['shelf']): Promise<readonly Plan[]> => {
  try {
    return (await shelf.current()).offers;
  } catch (error) {
    if (error instanceof StoreError) return [];
    throw error;
  }
};

const pageRoute = (server: FastifyInstance, path: string, pageOf: (name: string) => Page | null): void => {
  server.get<{ Params: { name: string } }>(path, (request, reply) => {
    const page = pageOf(request.params.name);
    if (page === null) reply.callNotFound();
    else void sendPage(reply, page);
  });
};
