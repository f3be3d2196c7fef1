// Loaded before the Dataform CLI. Its worker runs @dataform/core in vm2, which parses and rewrites that megabyte in
// JavaScript for every compilation: half of the processor time. The result depends only on the source, so it is stored.
const crypto = require("node:crypto");
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");

const FOLDER = process.env.DATAFORM_SCRIPT_CACHE;
const LARGE = 100000; // characters; projects' own files are smaller, and their errors name a file name

function cached(transformer) {
  return (args, body, isAsync, isGenerator, filename) => {
    const transform = () => transformer(args, body, isAsync, isGenerator, filename);
    if (args !== null || typeof body !== "string" || body.length < LARGE) return transform();
    const file = path.join(FOLDER, `${crypto.createHash("sha256").update(body).digest("hex")}.json`);
    try {
      return { __proto__: null, ...JSON.parse(fs.readFileSync(file, "utf8")) };
    } catch {
      const result = transform();
      store(file, JSON.stringify(result));
      return result;
    }
  };
}

function store(file, text) {
  const own = `${file}.${process.pid}`;
  try {
    fs.mkdirSync(FOLDER, { recursive: true });
    fs.writeFileSync(own, text);
    // Another process never reads half of it.
    fs.renameSync(own, file);
  } catch {
    // A folder that cannot be written costs time, nothing else.
  }
}

const load = Module._load;
Module._load = function (request, parent, isMain) {
  const loaded = load(request, parent, isMain);
  if (request !== "./transformer" || !parent.filename.includes(`${path.sep}vm2${path.sep}`)) return loaded;
  return { ...loaded, transformer: cached(loaded.transformer) };
};
