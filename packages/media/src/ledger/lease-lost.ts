/** The job is not this lease's any more: it ran out and another holder has it, or it was ended before. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';

  constructor(hash: string) {
    super(`The lease of ${hash} is lost.`);
  }
}

/** Nobody waits for the job any more: it is deleted. */
export class Abandoned extends Error {
  override readonly name = 'Abandoned';

  constructor(hash: string) {
    super(`Nobody waits for ${hash} any more.`);
  }
}
