/**
 * Runs before each MongoDB test file. Where there is no server these tests are skipped, which is a convenience on a
 * developer's machine and a hole in CI: there it is a failure.
 */
const hasMongo = process.env['DATABASE_URL']?.startsWith('mongodb') ?? false;

if (process.env['CI'] !== undefined && !hasMongo) {
  throw new Error('In CI the MongoDB tests must run: set DATABASE_URL=mongodb://… to a server they can use.');
}
