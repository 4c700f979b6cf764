// bridge COMMAND [ARGS]: lets clients that speak streamable HTTP reach a server on stdio: one
// process a session, and one for all requests of revisions without sessions. It prints its
// address, and ends with its standard input.
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

// The requests of revisions without sessions, by the ids that the one process knows them by.
const waiting = new Map();
let alone;
let count = 0;

async function one() {
  const program = new StdioClientTransport({ command, args, env: process.env, stderr: "inherit" });
  program.onmessage = (m) => {
    const call = waiting.get(m.id);
    if (call && !m.method) call.end(m);
    const about = m.params?._meta?.["io.modelcontextprotocol/subscriptionId"];
    if (m.method && waiting.has(about)) waiting.get(about).tell(m);
  };
  await program.start();
  return program;
}

// status is that of the answer to one request.
const status = (m) => ({ "-32601": 404, "-32602": 400, "-32022": 400, "-32600": 400, "-32021": 400 })[m.error?.code] ?? 200;

async function stateless(body, response) {
  const program = await (alone ??= one());
  if (body.id === undefined) {
    await program.send(body);
    response.writeHead(202).end();
    return;
  }
  const id = ++count;
  const event = (m) => response.write(`event: message\ndata: ${JSON.stringify(m)}\n\n`);
  waiting.set(id, {
    tell(m) {
      if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" });
      event(m);
    },
    end(m) {
      waiting.delete(id);
      const answer = { ...m, id: body.id };
      if (response.headersSent) return event(answer), response.end();
      response.writeHead(status(m), { "content-type": "application/json" }).end(JSON.stringify(answer));
    },
  });
  response.on("close", () => {
    if (waiting.delete(id)) program.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } });
  });
  await program.send({ ...body, id });
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
  const version = body?.params?._meta?.["io.modelcontextprotocol/protocolVersion"];
  if (version >= "2026-07-28" || request.headers["mcp-protocol-version"] >= "2026-07-28") {
    await stateless(body, response);
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
