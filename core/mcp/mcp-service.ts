import type { McpConfig } from '../config/mcp-config.js';
import type { AnswerStream, StreamSource } from '../streamed.js';
import type { McpProgramAsk, RunProgram } from './code/program.js';
import { serveProgram } from './code/serve-program.js';
import type { McpFront } from './front/front.js';
import type { NodeDirectory } from './front/other-nodes.js';
import type { McpFrontAsk } from './front-protocol.js';
import type { HubParts, McpHub, SignInServer } from './hub/hub.js';
import type { AcceptedTools } from './hub/pins.js';
import type { McpAsk, McpReply } from './protocol.js';

/** The servers of tools, of which nothing is loaded until a configuration has one. */
export class McpService {
  private hub: McpHub | null = null;
  private accepted: AcceptedTools = new Map();
  private front: Promise<McpFront> | null = null;

  constructor(
    private readonly parts: HubParts,
    /** Null when this is the only node. */
    private readonly nodes: NodeDirectory | null = null,
    /** Programs that models write. */
    private readonly run: RunProgram = () => Promise.reject(new Error('no programs are run here')),
  ) {}

  /** From now on these are the servers. */
  async apply(config: McpConfig | null): Promise<void> {
    if (config === null && this.hub === null) return;
    if (this.hub === null) {
      this.hub = new (await import('./hub/hub.js')).McpHub(this.parts);
      this.hub.accept(this.accepted);
      this.hub.runProgram = this.run;
    }
    this.hub.apply(config);
  }

  /** Pinned tools that were accepted as they are now, for all nodes. */
  accept(accepted: AcceptedTools): void {
    this.accepted = accepted;
    this.hub?.accept(accepted);
  }

  /** Rejects for nothing that servers do: that is an answer. */
  async ask(ask: McpAsk): Promise<McpReply> {
    if (this.hub !== null) return this.hub.ask(ask);
    if (ask.do === 'states') return { states: [] };
    if (ask.do === 'held') return { held: [] };
    if (ask.do === 'cancel' || ask.do === 'end') return { done: true };
    return { refused: { code: 'mcp_server_unknown', details: { server: ask.server }, sent: false } };
  }

  /** Somebody's credential is not what it was; `server` null: for none. */
  credentialChanged(server: string | null, owner: string): void {
    this.hub?.dropOwner(server, owner);
  }

  /** A server whose users sign in at its authorization server; null when there is none of that id. */
  signInServer(server: string): SignInServer | null {
    return this.hub?.signInServer(server) ?? null;
  }

  /** Tells the authorization server of a server that somebody's grant is of no use any more. That it fails is no matter here. */
  async revoke(server: string, owner: string): Promise<void> {
    await this.hub?.revoke(server, owner);
  }

  /** How the servers are, a word for each; null where there are none. */
  async states(): Promise<string[] | null> {
    const reply = await this.ask({ do: 'states', behalf: {} });
    if (!('states' in reply) || reply.states.length === 0) return null;
    return reply.states.map(({ state }) => state);
  }

  /** The gateway as a server of the protocol. What comes before it is loaded waits. */
  serve(ask: McpFrontAsk, to: AnswerStream): StreamSource {
    const { hub } = this;
    if (hub === null) throw new Error('there are no MCP servers');
    this.front ??= import('./front/front.js').then((loaded) => loaded.McpFront.load(hub, this.nodes));
    let source: StreamSource | null = null;
    let stopped = false;
    this.front.then(
      (front) => {
        if (!stopped) source = front.serve(ask, to);
      },
      (error) => to.fail(String(error)),
    );
    return {
      took: (bytes) => source?.took(bytes),
      report: (report) => source?.report(report),
      left: () => source?.left(),
      stop: () => {
        stopped = true;
        source?.stop();
      },
    };
  }

  /** A program of a run; its calls are made by who wants it. */
  runProgram(ask: McpProgramAsk, to: AnswerStream): StreamSource {
    return serveProgram(this.run, ask, to);
  }

  /** Streams of the gateway's own endpoint that would go on for ever end. */
  drain(): void {
    this.front?.then((front) => front.drain()).catch(() => {});
  }

  /** Ends all servers that were started here. */
  async close(): Promise<void> {
    const front = await this.front?.catch(() => null);
    await front?.close();
    await this.hub?.close();
  }
}
