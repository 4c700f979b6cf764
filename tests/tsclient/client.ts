// A client of the app-server protocol over standard input and output, in the types that
// `codex-app-server generate-ts` writes below gen/.
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createInterface } from "node:readline";
import type { ClientRequest, FuzzyFileSearchResponse, InitializeResponse, ServerNotification, ServerRequest } from "./gen/index";
import type {
  ModelListResponse, ThreadForkResponse, ThreadListResponse, ThreadReadResponse, ThreadResumeResponse, ThreadStartResponse,
  TurnCompletedNotification, TurnInterruptResponse, TurnStartResponse, TurnSteerResponse,
} from "./gen/v2/index";

export type Method = ClientRequest["method"];
export type Params<M extends Method> = Extract<ClientRequest, { method: M }>["params"];

/** What the methods that this client uses are answered with. */
export interface Results {
  "initialize": InitializeResponse;
  "thread/start": ThreadStartResponse;
  "thread/resume": ThreadResumeResponse;
  "thread/fork": ThreadForkResponse;
  "thread/list": ThreadListResponse;
  "thread/read": ThreadReadResponse;
  "turn/start": TurnStartResponse;
  "turn/steer": TurnSteerResponse;
  "turn/interrupt": TurnInterruptResponse;
  "model/list": ModelListResponse;
  "fuzzyFileSearch": FuzzyFileSearchResponse;
}

export type Notification = ServerNotification;
export type NotificationParams<M extends Notification["method"]> = Extract<Notification, { method: M }>["params"];

export class RpcError extends Error {
  constructor(readonly code: number, message: string, readonly data: unknown) { super(message); }
}

type Message =
  | { id: number | string; result: unknown }
  | { id: number | string; error: { code: number; message: string; data?: unknown } }
  | ServerRequest
  | ServerNotification;

export class Client {
  readonly seen: Notification[] = [];
  /** Answers what the server asks; what it throws denies. */
  answer: (ask: ServerRequest) => unknown = () => { throw new Error("nobody is there"); };
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly open = new Map<number | string, { resolve: (v: unknown) => void; reject: (e: Error) => void }>();
  private readonly waiting = new Set<() => void>();
  private next = 0;
  readonly ended: Promise<number | null>;

  constructor(program: string, options: { cwd: string; env: NodeJS.ProcessEnv }) {
    this.child = spawn(program, [], { ...options, stdio: "pipe" });
    this.child.stderr.pipe(process.stderr);
    createInterface({ input: this.child.stdout }).on("line", (line) => this.take(JSON.parse(line) as Message));
    this.ended = new Promise((resolve) => this.child.on("close", (code) => {
      for (const { reject } of this.open.values()) reject(new Error("the server has ended"));
      resolve(code);
    }));
  }

  request<M extends Method & keyof Results>(method: M, params: Params<M>): Promise<Results[M]> {
    return this.raw(method, params) as Promise<Results[M]>;
  }

  /** For what the types forbid. */
  raw(method: string, params: unknown): Promise<unknown> {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.open.set(id, { resolve, reject });
      this.send({ method, id, params });
    });
  }

  notify(method: "initialized"): void { this.send({ method }); }

  /** The first notification of the method that fits, of those that came and those to come. */
  async notification<M extends Notification["method"]>(method: M, fits: (p: NotificationParams<M>) => boolean = () => true): Promise<NotificationParams<M>> {
    for (let i = 0; ; i++) {
      while (i >= this.seen.length) await new Promise<void>((resolve) => this.waiting.add(resolve));
      const n = this.seen[i]!;
      if (n.method === method && fits(n.params as NotificationParams<M>)) return n.params as NotificationParams<M>;
    }
  }

  /** Runs a turn to its end. */
  async turn(threadId: string, text: string): Promise<TurnCompletedNotification> {
    const { turn } = await this.request("turn/start", { threadId, input: [{ type: "text", text }] });
    return this.notification("turn/completed", (p) => p.turn.id === turn.id);
  }

  close(): Promise<number | null> {
    this.child.stdin.end();
    return this.ended;
  }

  private send(message: object): void { this.child.stdin.write(JSON.stringify(message) + "\n"); }

  private take(m: Message): void {
    if ("method" in m && "id" in m) {
      try {
        this.send({ id: m.id, result: this.answer(m) });
      } catch (e) {
        this.send({ id: m.id, error: { code: -32000, message: String(e) } });
      }
    } else if ("method" in m) {
      this.seen.push(m);
      for (const wake of this.waiting) wake();
      this.waiting.clear();
    } else {
      const call = this.open.get(m.id);
      this.open.delete(m.id);
      if ("error" in m) call?.reject(new RpcError(m.error.code, m.error.message, m.error.data));
      else call?.resolve(m.result);
    }
  }
}
