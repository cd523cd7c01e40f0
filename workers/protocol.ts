/** The tasks of the pool: name, what goes in, what comes out. Both are copied between threads. */
export interface TaskTypes {
  countTokens: {
    payload: { model: string; text: string };
    /** Whole tokens; see `tokens/encoding-of.ts` for how near the truth they are. */
    result: number;
  };
}

export type TaskName = keyof TaskTypes;

/** A task as it travels to a thread. */
export type TaskMessage = { [N in TaskName]: { name: N; payload: TaskTypes[N]['payload'] } }[TaskName];

/** One function per task; the mapped type breaks the build when one is forgotten. */
export type TaskHandlers = {
  [N in TaskName]: (
    payload: TaskTypes[N]['payload'],
  ) => TaskTypes[N]['result'] | Promise<TaskTypes[N]['result']>;
};
