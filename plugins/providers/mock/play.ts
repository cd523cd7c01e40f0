/** What the mock does in one turn of a play. */
export interface PlayedTurn {
  text: string;
  calls: { name: string; json: string }[];
}

const call = /^call\s+(\S+)(?:\s+(.*))?$/;

/**
 * A user message that says what the model does, turn by turn, set apart by lines of `---`. A turn is lines of `call NAME JSON`,
 * or else a text, in which `{result}` stands for what the tools of the turn before gave. After the last turn there is nothing
 * left to say.
 *
 * @param turn how often the model has spoken since that message
 */
export function playedTurn(play: string, turn: number, result: string | null): PlayedTurn {
  const lines =
    play
      .split(/^[ \t]*---[ \t]*$/m)
      [turn]?.trim()
      .split('\n') ?? [];
  const calls = lines.flatMap((line) => {
    const [, name, json = '{}'] = call.exec(line.trim()) ?? [];
    return name === undefined ? [] : [{ name, json }];
  });
  if (calls.length > 0) return { text: '', calls };
  const text = lines.join('\n').replaceAll('{result}', () => result ?? 'nothing');
  return { text: text === '' ? 'The play is over.' : text, calls: [] };
}
