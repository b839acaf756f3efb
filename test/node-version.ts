// A bare `vitest` started from an older Node's shell would run without type stripping and node:sqlite.
if (Number.parseInt(process.versions.node, 10) < 24)
  throw new Error(`The tests need Node 24 and this is ${process.version}: run them with npm test.`);
