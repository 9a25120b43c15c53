// Runs solc on a standard JSON input: `node compile.cjs NODE_MODULES SOURCES < input.json > output.json`.
// A source `src/X.sol` is read from SOURCES, every other one (`@openzeppelin/…`) from NODE_MODULES.
"use strict";
const fs = require("node:fs");
const path = require("node:path");

const [modules, sources] = process.argv.slice(2).map((folder) => path.resolve(folder));
const solc = require(path.join(modules, "solc"));

function inside(folder, name) {
  const file = path.resolve(folder, name);
  if (!file.startsWith(folder + path.sep)) throw new Error(`${name} lies outside its folder`);
  return fs.readFileSync(file, "utf8");
}

function source(name) {
  try {
    return { contents: name.startsWith("src/") ? inside(sources, name.slice(4)) : inside(modules, name) };
  } catch (error) {
    return { error: error.message };
  }
}

const input = fs.readFileSync(0, "utf8");
process.stdout.write(solc.compile(input, { import: source }));
