// bridge COMMAND [ARGS]: lets clients that speak streamable HTTP reach a server on stdio, one
// process a session. It prints its address, and ends with its standard input.
import http from "node:http";
import { randomUUID } from "node:crypto";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";

const [command, ...args] = process.argv.slice(2);
const sessions = new Map();

async function open() {
  const program = new StdioClientTransport({ command, args, env: process.env, stderr: "inherit" });
  const session = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => sessions.set(id, session),
  });
  session.onmessage = (m) => program.send(m);
  session.onclose = () => program.close();
  program.onmessage = (m) => session.send(m).catch(() => {}); // a client that has gone misses it
  await program.start();
  await session.start();
  return session;
}

const server = http.createServer(async (request, response) => {
  let text = "";
  for await (const part of request) text += part;
  let body;
  try {
    body = text ? JSON.parse(text) : undefined;
  } catch {
    response.writeHead(400).end();
    return;
  }
  let session = sessions.get(request.headers["mcp-session-id"]);
  if (!session && body?.method === "initialize") session = await open();
  if (!session) {
    response.writeHead(request.headers["mcp-session-id"] ? 404 : 400).end();
    return;
  }
  await session.handleRequest(request, response, body);
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/mcp`));
process.stdin.resume().on("end", () => process.exit(0));
