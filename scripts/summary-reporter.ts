import { writeSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule, TestSuite } from 'vitest/node';

/** Files that could not be loaded and hooks that threw: their tests never ran, so that no test says so. */
const brokenSuites = (modules: readonly (TestModule | TestSuite)[]): number =>
  modules
    .flatMap((module) => [module, ...module.children.allSuites()])
    .filter((suite) => suite.errors().length > 0).length;

/**
 * Ends a run with one plain line, the very last: `N passed, N failed, N skipped`. N counts tests; a file that could not be
 * loaded, a hook that threw and an error that nobody caught count as one failed test each. A run without tests fails. Before it
 * stand the tests that passed at a second try only: somebody should look into them.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const states = tests.map((test) => test.result().state);
    const flaky = tests.filter((test) => test.diagnostic()?.flaky);
    const unsteady = flaky.map(
      ({ module, fullName }) => `Passed at a second try: ${module.relativeModuleId} > ${fullName}\n`,
    );
    const count = (state: string): number => states.filter((one) => one === state).length;
    const failed = count('failed') + brokenSuites(modules) + errors.length;
    const ran = count('passed') + failed > 0;
    const line = `${count('passed')} passed, ${failed} failed, ${count('skipped') + count('pending')} skipped\n`;
    // Servers are still to be ended, which may print: the exit comes after all of that.
    process.once('exit', () => {
      if (!ran) process.exitCode = 1;
      writeSync(1, [...unsteady, line].join(''));
    });
  }
}
