// Validates an AsyncAPI document with the parser of the AsyncAPI initiative.
//
//     npm install --ignore-scripts && node validate.js DOCUMENT
//
// Exit code 0: the document has no error; 1: each error is named. Warnings are printed.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Parser } from "@asyncapi/parser";

const path = resolve(process.argv[2]);
const text = await readFile(path, "utf8");
const { document, diagnostics } = await new Parser().parse(text, { source: path });

const levels = ["error", "warning", "information", "hint"];
for (const { severity, code, message, path: place } of diagnostics) {
  console.log(`${levels[severity]}: ${place.join(".")}: ${message} (${code})`);
}
const failed = document === undefined || diagnostics.some(({ severity }) => severity === 0);
console.log(failed ? "refused" : `valid: ${document.channels().all().length} channels`);
process.exit(failed ? 1 : 0);
