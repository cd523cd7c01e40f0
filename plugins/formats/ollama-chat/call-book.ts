interface Call {
  id: string;
  name: string;
}

/**
 * Finds the call that a tool result answers. Servers and clients before 0.12 have no ids; then a result belongs to the
 * first call of its turn that has its tool's name and no result yet, and without a name to the first of all. The ids made
 * up are numbered through the conversation, so that each turn sees the same ones again.
 */
export class CallBook {
  private made = 0;
  private open: Call[] = [];
  private answering = false;

  /** An assistant's message begins; its calls make a new turn when others were answered before. */
  turn(): void {
    if (this.answering) this.open = [];
    this.answering = false;
  }

  makeId(): string {
    return `ollama_call_${++this.made}`;
  }

  add(id: string, name: string): void {
    this.open.push({ id, name });
  }

  /** The id of the call that a result without one answers. */
  answer(name: string | undefined): string {
    this.answering = true;
    const named = this.open.findIndex((call) => call.name === name);
    const [call] = this.open.splice(Math.max(0, named), 1);
    return call?.id ?? this.makeId();
  }

  /** A result named its call. */
  answered(id: string): void {
    this.answering = true;
    const at = this.open.findIndex((call) => call.id === id);
    if (at !== -1) this.open.splice(at, 1);
  }
}
