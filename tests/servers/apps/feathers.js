// Feathers with a service in memory: $limit and $skip, and a total. Arguments: port, items.json.
const { feathers } = require("@feathersjs/feathers");
const express = require("@feathersjs/express");
const { memory } = require("@feathersjs/memory");
const fs = require("node:fs");

const [port, path] = process.argv.slice(2);
const app = express.default(feathers());
app.use(express.json());
app.configure(express.rest());
app.use("items", memory({ multi: true, paginate: { default: 10, max: 50 } }));
app.use(express.errorHandler({ logger: false }));
app.service("items").create(JSON.parse(fs.readFileSync(path, "utf8")))
  .then(() => app.listen(Number(port), "127.0.0.1"));
