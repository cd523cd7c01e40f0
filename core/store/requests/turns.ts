/** The ledger's thread has other work: after so long a search lets it have a turn. */
const TURN_MS = 15;

/** Gives others their turn when it is time. @returns since when the present turn lasts */
export async function rest(since: number): Promise<number> {
  if (performance.now() - since < TURN_MS) return since;
  await turn();
  return performance.now();
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
