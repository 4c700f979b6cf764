// Drives a server of ours and prints one JSON object a check: {"check", "ok", "got"}.
// usage: drive.js CODEX-APP-SERVER WORK
import { Client, RpcError, type Method } from "./client.js";
import type { CommandExecutionRequestApprovalResponse, ServerRequest } from "./gen/index";
import type { ThreadItem } from "./gen/v2/index";

const [program, cwd] = process.argv.slice(2) as [string, string];
const say = (check: string, ok: boolean, got?: unknown) => console.log(JSON.stringify({ check, ok, got }));
const start = async (name: string) => {
  const client = new Client(program, { cwd, env: process.env });
  const hello = await client.request("initialize", { clientInfo: { name, version: "1.0", title: null }, capabilities: { experimentalApi: true, requestAttestation: false } });
  client.notify("initialized");
  return { client, hello };
};
const fails = async (p: Promise<unknown>): Promise<RpcError | undefined> => {
  try { await p; } catch (e) { if (e instanceof RpcError) return e; throw e; }
  return undefined;
};

// Before initialize nothing is answered.
const early = new Client(program, { cwd, env: process.env });
const refused = await fails(early.request("thread/list", {}));
say("a request before initialize is refused", refused?.code === -32600 && refused.message === "Not initialized", refused?.message);
say("the end of the input ends the server", await early.close() === 0);

const { client, hello } = await start("ts-client");
say("initialize tells who answers", hello.userAgent.startsWith("ts-client/") && hello.codexHome === process.env.CODEX_HOME, hello);

// A thread and a turn.
const { thread, model, approvalPolicy } = await client.request("thread/start", { cwd, approvalPolicy: "on-request", sandbox: "read-only" });
say("thread/start tells what it runs with", model === "mock-model" && approvalPolicy === "on-request" && thread.cwd === cwd && thread.status.type === "idle", thread);
const first = await client.turn(thread.id, "say hello");
say("the turn completes", first.turn.status === "completed" && first.threadId === thread.id, first);
const said = await client.notification("item/completed", (p) => p.item.type === "agentMessage");
say("the answer is an item", said.item.type === "agentMessage" && said.item.text === "Hello from the model.", said.item);
const deltas = client.seen.map((n) => n.method === "item/agentMessage/delta" ? n.params.delta : "").join("");
say("and came in pieces", deltas === "Hello from the model.", deltas);
const usage = await client.notification("thread/tokenUsage/updated");
say("tokens are counted", usage.tokenUsage.total.totalTokens > 0, usage);
const order = client.seen.map((n) => n.method).filter((m) => m.startsWith("turn/") || m === "thread/started");
say("in order", order[0] === "thread/started" && order.indexOf("turn/started") < order.indexOf("turn/completed"), order);

// Approvals: the first command is let run, the second is not.
const asked: ServerRequest[] = [];
client.answer = (ask): CommandExecutionRequestApprovalResponse => {
  asked.push(ask);
  if (ask.method !== "item/commandExecution/requestApproval") throw new Error(ask.method);
  return { decision: asked.length === 1 ? "accept" : "decline" };
};
const command = (id: string) => (p: { turnId: string; item: ThreadItem }) => p.turnId === id && p.item.type === "commandExecution";
const ran = await client.turn(thread.id, "run it");
const accepted = (await client.notification("item/completed", command(ran.turn.id))).item;
say("an accepted command runs", accepted.type === "commandExecution" && accepted.status === "completed" && accepted.exitCode === 0 && (accepted.aggregatedOutput ?? "").includes("ran"), accepted);
const not = await client.turn(thread.id, "run the other");
const declined = (await client.notification("item/completed", command(not.turn.id))).item;
say("a declined one does not", declined.type === "commandExecution" && declined.status === "declined" && not.turn.status === "completed", declined);
const ask = asked[0];
say("the question says what it is about", ask?.method === "item/commandExecution/requestApproval" && ask.params.threadId === thread.id && (ask.params.command ?? "").includes("echo ran"), ask);

// Errors.
const unknown = await fails(client.raw("no/such/method", {}));
say("an unknown method is named", unknown?.code === -32600 && unknown.message.includes("no/such/method"), unknown?.message);
const wrong = await fails(client.raw("thread/start", { cwd: 5 }));
say("wrong params are refused", wrong?.code === -32600 && wrong.message.startsWith("Invalid request"), wrong?.message);
const nobody = await fails(client.request("turn/start", { threadId: "01a202dd-a919-73f2-a683-85da106f5c34", input: [] }));
say("an unknown thread is named", nobody?.message === "thread not found: 01a202dd-a919-73f2-a683-85da106f5c34", nobody?.message);
const steer = await fails(client.request("turn/steer", { threadId: thread.id, input: [], expectedTurnId: "x" }));
say("nothing to steer", steer?.message === "no active turn to steer", steer?.message);
const unbuilt: Method = "plugin/share/list";
const later = await fails(client.raw(unbuilt, {}));
say("what is not built says so", later?.message === "plugin/share/list is not supported yet", later?.message);
const broken = await client.turn(thread.id, "fail");
say("a failed turn says why", broken.turn.status === "failed" && broken.turn.error?.message === "no such thing", broken.turn);

// Interrupt.
const running = await client.request("turn/start", { threadId: thread.id, input: [{ type: "text", text: "hang" }], approvalPolicy: "never", sandboxPolicy: { type: "dangerFullAccess" } });
await client.notification("item/started", command(running.turn.id));
await client.request("turn/interrupt", { threadId: thread.id, turnId: running.turn.id });
const stopped = await client.notification("turn/completed", (p) => p.turn.id === running.turn.id);
say("an interrupted turn ends as such", stopped.turn.status === "interrupted", stopped.turn);

// Search, models.
const found = await client.request("fuzzyFileSearch", { query: "alp", roots: [cwd], cancellationToken: null });
say("files are found", found.files[0]?.path === "alpha_beta.txt" && found.files[0].file_name === "alpha_beta.txt", found);
const models = await client.request("model/list", {});
say("models are listed, one by default", models.data.filter((m) => m.isDefault).length === 1, models.data.map((m) => m.id));

// Lists and forks.
const fork = await client.request("thread/fork", { threadId: thread.id });
say("a fork knows where it is from", fork.thread.forkedFromId === thread.id && fork.thread.turns.length > 4, fork.thread.turns.length);
let cursor: string | null | undefined;
const ids: string[] = [];
do {
  const page = await client.request("thread/list", { limit: 1, cursor: cursor ?? null });
  ids.push(...page.data.map((t) => t.id));
  cursor = page.nextCursor;
} while (cursor);
say("threads come in pages", ids.length === 2 && ids.includes(thread.id) && ids.includes(fork.thread.id), ids);
say("the server leaves with 0", await client.close() === 0);

// Resume in another process.
const { client: second } = await start("ts-client-2");
const back = await second.request("thread/resume", { threadId: thread.id });
const texts = back.thread.turns.flatMap((t) => t.items).map((i) => i.type === "userMessage" && i.content[0]?.type === "text" ? i.content[0].text : "").filter(Boolean);
say("a resumed thread has its turns", texts.join() === "say hello,run it,run the other,fail,hang", texts);
const more = await second.turn(thread.id, "go on");
say("and goes on", more.turn.status === "completed", more.turn);
const read = await second.request("thread/read", { threadId: thread.id, includeTurns: true });
say("with one turn more", read.thread.turns.length === back.thread.turns.length + 1, read.thread.turns.length);
say("the second server leaves with 0", await second.close() === 0);
