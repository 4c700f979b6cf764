// client CODEX-MCP URL: what the conformance suite runs as a client. It logs in at the server
// where the scenario is about that, as a person with a browser would, calls its first tool,
// and does what it is told to when that is refused.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [program, url] = process.argv.slice(2);
const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? "";
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT || "{}");
const home = mkdtempSync(join(tmpdir(), "codex-conformance-"));
const env = { ...process.env, CODEX_HOME: home, CLIENT_SECRET: context.client_secret ?? "" };
const own = scenario === "auth/pre-registration";
let settings = `[mcp_servers.s]\nurl = ${JSON.stringify(url)}\n`;
if (own) settings += `[mcp_servers.s.oauth]\nclient_id = ${JSON.stringify(context.client_id)}\n`;
writeFileSync(join(home, "config.toml"), settings);

async function login(...more) {
  const options = own ? ["--client-secret-env-var", "CLIENT_SECRET"] : [];
  const child = spawn(program, ["login", "s", "--json", ...options, ...more], { env, stdio: ["pipe", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line);
    if (said.authUrl) await fetch(said.authUrl);
    if (said.success === false) console.error(said.error);
  }
}

const run = (...args) => {
  const r = spawnSync(program, args, { env, encoding: "utf8" });
  console.error(r.stderr);
  return r;
};

if (scenario.startsWith("auth/")) await login();
const call = () => {
  const tools = run("tools", "s");
  return tools.status === 0 ? run("call", "s", tools.stdout.split("\t")[0], "{}") : tools;
};
let result = call();
const more = /codex mcp login s --scopes ([^`]*)`/.exec(result.stderr);
if (more) {
  await login("--scopes", more[1]);
  result = call();
} else if (result.status !== 0 && /login s|Auth required|Unauthorized/.test(result.stderr) && scenario === "auth/authorization-server-migration") {
  await login();
  result = call();
}
rmSync(home, { recursive: true });
process.exit(result.status);
