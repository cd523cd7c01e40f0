interface Call {
  id: string;
  name: string;
  made: boolean;
  answered: boolean;
}

/**
 * Ids for function calls that have none, which is what the Gemini API did for long and Vertex AI still does. Calls are
 * numbered through the conversation, so that the same history has the same ids in every turn; a result without an id
 * belongs to the first open call of its name.
 */
export class CallIds {
  private readonly calls: Call[] = [];

  call(id: string | undefined, name: string): string {
    const own = id ?? `call_${this.calls.length + 1}`;
    this.calls.push({ id: own, name, made: id === undefined, answered: false });
    return own;
  }

  result(id: string | undefined, name: string): string {
    const found =
      (id === undefined ? undefined : this.calls.findLast((call) => call.id === id)) ??
      this.calls.find((call) => !call.answered && call.name === name && (id === undefined || call.made));
    if (found === undefined) return id ?? `call_${name}`;
    found.answered = true;
    return found.id;
  }
}
