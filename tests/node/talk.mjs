// The test and the client under it speak in lines of JSON: the test has the browser, the client the protocol.
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export async function heard() {
  const { value, done } = await lines.next();
  if (done) throw new Error("the test has hung up");
  return JSON.parse(value);
}

export function say(document) {
  process.stdout.write(JSON.stringify(document) + "\n");
}

export async function answerTo(document) {
  say(document);
  return heard();
}
