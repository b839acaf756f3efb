/**
 * Files that run at the same time. Those with servers wait for other processes most of the time, so that three take little longer
 * than one; more would wait for the processors. The projects have the same number: Vitest runs others one after the other.
 */
export const workers = 3;
