# syntax=docker/dockerfile:1
# The server without what it was built with. `--build-arg TRACING=true` adds what traces are sent with. Nothing in it needs a compiler or a download beyond the npm registry.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY schema schema
COPY scripts scripts
COPY graphiql graphiql
COPY src src
ARG TRACING=false
RUN npm run build && npm prune --omit=dev --no-audit --no-fund && if [ "$TRACING" = true ]; then \
  npm install --no-save --omit=dev --no-audit --no-fund @opentelemetry/exporter-trace-otlp-http @opentelemetry/resources \
  @opentelemetry/sdk-trace-node; fi

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 TOLLGATE_DEMO=false
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/schema schema
COPY docs/errors docs/errors
COPY --from=build /app/dist dist
COPY --from=build /app/graphiql/dist graphiql/dist
USER node
EXPOSE 4000
HEALTHCHECK --interval=5s --timeout=3s --retries=10 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4000/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
