/** The server that ours are compared with: `node node-http.js PORT`. */
import { createServer } from "node:http";

const body = "Hello, World!\n";
createServer((_, response) => {
  response.writeHead(200, { "Content-Type": "text/plain", "Content-Length": body.length });
  response.end(body);
}).listen(Number(process.argv[2]), "127.0.0.1", () => console.log("listening"));
