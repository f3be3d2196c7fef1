// Declared when a table is made; a later run finds the key there. BigQuery enforces no key and plans joins as if it
// were true, so a table declares the one that its own checks hold to. docs/adr/0007 says why no table refers to another.

const primary = (table, column) => `alter table ${table} add primary key (${column}) not enforced;`;

module.exports = { primary };
