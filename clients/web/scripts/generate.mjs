// Types from the service's own description: ../../schema -> src/generated. They are made anew by every build, check and
// test, so that they can never be older than the schema.
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const SCHEMA = new URL("../../../schema/", import.meta.url);
const OUT = new URL("../src/generated/", import.meta.url);
const EVENT = /^io\.countenance\.(.+)\.v1\.json$/;

async function json(name) {
  return JSON.parse(await readFile(new URL(name, SCHEMA), "utf8"));
}

/** `signal.started` -> `SignalStarted`. */
function typeName(name) {
  return name.replace(/(?:^|\.)([a-z])/g, (_, letter) => letter.toUpperCase());
}

/** The data of all events as one document that openapi-typescript understands. */
async function events() {
  const schemas = {};
  for (const file of (await readdir(SCHEMA)).sort()) {
    const [, name] = EVENT.exec(file) ?? [];
    if (name === undefined) continue;
    // What holds only together (`if`, `then`) has no counterpart in TypeScript.
    const { $id, $schema, if: _if, then: _then, ...schema } = await json(file);
    schemas[typeName(name)] = schema;
  }
  return { openapi: "3.1.0", info: { title: "events", version: "1" }, paths: {}, components: { schemas } };
}

async function write(name, document) {
  const text = astToString(await openapiTS(document, { alphabetize: true, defaultNonNullable: false }));
  await writeFile(new URL(name, OUT), `// Made by scripts/generate.mjs; not edited.\n${text}`);
}

await mkdir(OUT, { recursive: true });
await write("rest.ts", await json("openapi.json"));
await write("events.ts", await events());
