// Drives ai-sdk-provider-codex-cli, unmodified, against an app-server of ours and prints
// one JSON object a check: {"check", "ok", "got"}. The provider starts `codex app-server`.
// usage: provider.mjs CODEX WORK
import { createCodexAppServer } from "ai-sdk-provider-codex-cli";

const [codexPath, cwd] = process.argv.slice(2);
const say = (check, ok, got) => console.log(JSON.stringify({ check, ok: Boolean(ok), got }));
const provider = createCodexAppServer({ defaultSettings: {
  codexPath, cwd, env: { CODEX_HOME: process.env.CODEX_HOME }, minCodexVersion: "0.100.0", approvalPolicy: "never", sandboxPolicy: "read-only",
} });
const model = provider("mock-model");
const prompt = (text) => [{ role: "user", content: [{ type: "text", text }] }];
const words = (content) => content.filter((c) => c.type === "text").map((c) => c.text).join("");

const one = await model.doGenerate({ prompt: prompt("say hello") });
say("doGenerate answers", words(one.content) === "Hello from the model.", one.content);
say("doGenerate ends by itself", (one.finishReason?.unified ?? one.finishReason) === "stop", one.finishReason);
const total = one.usage?.inputTokens?.total ?? one.usage?.inputTokens;
say("doGenerate counts tokens", total > 0, one.usage);

const { stream } = await model.doStream({ prompt: prompt("go on") });
const parts = [];
for await (const part of stream) parts.push(part);
const text = parts.filter((p) => p.type === "text-delta").map((p) => p.delta).join("");
say("doStream streams", text === "Going on.", text);
say("doStream finishes", parts.at(-1)?.type === "finish", parts.map((p) => p.type));

let threw;
try {
  await model.doGenerate({ prompt: prompt("fail") });
} catch (e) { threw = String(e); }
say("a failed turn is an error", threw?.includes("no such thing"), threw);

await provider.close?.();
await provider.dispose?.();
say("done", true);
process.exit(0);
