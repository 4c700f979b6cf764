// Drives the published SDK, unmodified, against a codex of ours and prints one JSON
// object a check: {"check": name, "ok": bool, "got": anything}.
// usage: drive.mjs SDK-PACKAGE CODEX WORK SERVER...
import { readFileSync, readdirSync } from "node:fs";

const [pkg, codexPath, work, url] = process.argv.slice(2);
const { Codex } = await import(pkg);
const say = (check, ok, got) => console.log(JSON.stringify({ check, ok: Boolean(ok), got }));
const codex = (script) => new Codex({ codexPathOverride: codexPath, apiKey: "sk-test", config: {
  model_provider: "mock",
  model_providers: { mock: { name: "mock", base_url: `${url}/${script}/v1`, wire_api: "responses", stream_max_retries: 0 } },
} });
const options = { workingDirectory: work, skipGitRepoCheck: true, sandboxMode: "danger-full-access" };

// run: the final answer, the items, the usage.
const one = codex("one").startThread(options);
const turn = await one.run("first");
say("run answers", turn.finalResponse === "one", turn.finalResponse);
say("run lists items", turn.items.map((i) => i.type).join() === "command_execution,agent_message", turn.items);
say("run counts tokens", turn.usage?.input_tokens === 200, turn.usage);
say("the thread has an id", /^[0-9a-f-]{36}$/.test(one.id ?? ""), one.id);

// two turns: the second goes on with the first's session.
const again = await one.run("second");
say("a second turn goes on", again.finalResponse === "two", again.finalResponse);

// resumeThread in a new client.
const resumed = codex("one").resumeThread(one.id, options);
const third = await resumed.run("third");
say("resumeThread goes on", third.finalResponse === "three" && resumed.id === one.id, third.finalResponse);

// runStreamed gives every event.
const { events } = await codex("stream").startThread(options).runStreamed("go");
const types = [];
for await (const e of events) types.push(e.item ? `${e.type} ${e.item.type}` : e.type);
say("runStreamed streams", types.join() === ["thread.started", "turn.started", "item.completed reasoning", "item.started file_change",
  "item.completed file_change", "item.started todo_list", "item.completed agent_message", "item.completed todo_list", "turn.completed"].join(), types);
say("the patch was applied", readFileSync(`${work}/sdk.txt`, "utf8") === "hi\n");

// output schema and images reach the request.
const schema = { type: "object", properties: { a: { type: "string" } }, required: ["a"], additionalProperties: false };
const shaped = await codex("shape").startThread(options).run([{ type: "text", text: "look" }, { type: "local_image", path: `${work}/dot.png` }], { outputSchema: schema });
say("output schema answers", shaped.finalResponse === '{"a":"b"}', shaped.finalResponse);

// abort: the promise rejects; nothing is left running (checked by the caller).
const stop = new AbortController();
const hang = await codex("hang").startThread(options).runStreamed("hang", { signal: stop.signal });
let threw = "";
try {
  for await (const e of hang.events) if (e.type === "item.started") stop.abort();
} catch (e) { threw = String(e); }
say("abort ends the stream", threw !== "", threw);

// HTTP 400 is thrown with the server's words.
let message = "";
try { await codex("bad").startThread(options).run("bad"); } catch (e) { message = String(e.message); }
say("an HTTP error is thrown", message.includes("no such thing"), message);
say("work tree", true, readdirSync(work));
