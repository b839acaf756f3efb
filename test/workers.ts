/**
 * Files that run at the same time. Those with servers wait for other processes most of the time: a run of all of them by two left
 * two processors half idle. The projects have the same number: Vitest runs others one after the other.
 */
export const workers = 3;
