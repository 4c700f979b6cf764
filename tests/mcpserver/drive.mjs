// drive SERVER: the official client goes through a server, and says what it found: one line
// {"check":NAME,"ok":BOOL,"got":ANY} for each check. The model's script is node_test.go's.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { existsSync, rmSync } from "node:fs";

const say = (check, ok, got) => console.log(JSON.stringify({ check, ok: Boolean(ok), got: got ?? null }));

async function connect(capabilities) {
  const client = new Client({ name: "driver", version: "1" }, { capabilities });
  client.events = [];
  client.fallbackNotificationHandler = async (n) => void client.events.push(n);
  await client.connect(new StdioClientTransport({ command: process.argv[2], args: ["server"], env: process.env }));
  return client;
}

const asked = [];
let answer;
const client = await connect({ elicitation: {} });
client.setRequestHandler(ElicitRequestSchema, async (r) => (asked.push(r.params), answer));

say("server", client.getServerVersion().name === "codex-mcp-server", client.getServerVersion());
const { tools } = await client.listTools();
say("tools", tools.map((t) => t.name).sort().join() === "codex,codex-close,codex-reply", tools.map((t) => t.name));
say("resources", (await client.listResources()).resources.length === 0);
say("prompts", (await client.listPrompts()).prompts.length === 0);
say("logging", await client.setLoggingLevel("debug"));

const settings = { "approval-policy": "untrusted", sandbox: "workspace-write" };
const run = (prompt, more, options) => client.callTool({ name: "codex", arguments: { prompt, ...settings, ...more } }, undefined, options);

answer = { action: "accept", content: {} };
let steps = 0;
let result = await run("p", {}, { onprogress: () => steps++ });
say("accept runs the command", existsSync("made"), result);
say("the question is the standard's", asked[0]?.message?.startsWith("Allow Codex to run `/bin/bash -lc 'touch made'`"), asked[0]);
say("structured content is what the schema says", result.structuredContent?.content === "done" && result.structuredContent.threadId, result.structuredContent);
say("progress", steps > 0, steps);
const events = client.events.filter((n) => n.method === "codex/event");
say("events", events.at(-1)?.params.msg.type === "task_complete", events.map((n) => n.params.msg.type));

rmSync("made");
answer = { action: "accept", content: {}, decision: "denied" };
result = await run("p");
say("a decision counts more", !existsSync("made") && result.content[0].text === "done", result);
answer = { action: "decline" };
await run("p");
say("decline", !existsSync("made"));

const reply = await client.callTool({ name: "codex-reply", arguments: { prompt: "more", threadId: result.structuredContent.threadId } });
say("reply", reply.content[0].text === "more", reply);

const stop = new AbortController();
answer = new Promise(() => {});
const before = asked.length;
const pending = run("p", {}, { signal: stop.signal }).then(() => "answered", (e) => e.name ?? String(e));
while (asked.length === before) await new Promise((r) => setTimeout(r, 5));
stop.abort();
say("abort", (await pending) !== "answered");
say("ping", await client.ping());
await client.close();

const mute = await connect({});
result = await mute.callTool({ name: "codex", arguments: { prompt: "p", ...settings } });
say("a client that cannot be asked gets an answer", !existsSync("made") && result.content[0].text === "done", result);
await mute.close();
