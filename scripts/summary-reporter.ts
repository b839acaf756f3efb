import { writeSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule, TestSuite } from 'vitest/node';

/** Files that could not be loaded and hooks that threw: their tests never ran, so that no test says so. */
const brokenSuites = (modules: readonly (TestModule | TestSuite)[]): number =>
  modules
    .flatMap((module) => [module, ...module.children.allSuites()])
    .filter((suite) => suite.errors().length > 0).length;

/**
 * Ends a run with one plain line, the very last: `N passed, N failed, N skipped`. N counts tests; a file that could not be
 * loaded, a hook that threw and an error that nobody caught count as one failed test each. A run without tests fails.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const states = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => test.result().state),
    );
    const count = (state: string): number => states.filter((one) => one === state).length;
    const failed = count('failed') + brokenSuites(modules) + errors.length;
    const ran = count('passed') + failed > 0;
    const line = `${count('passed')} passed, ${failed} failed, ${count('skipped') + count('pending')} skipped\n`;
    // Servers are still to be ended, which may print: the exit comes after all of that.
    process.once('exit', () => {
      if (!ran) process.exitCode = 1;
      writeSync(1, line);
    });
  }
}
