// Ordinary work of the npm package google-spreadsheet: node google_spreadsheet.cjs <address of the sandbox>.
// Prints what it read as JSON. Requests for Google's hosts are sent to the sandbox: the package has no setting for that.
const address = process.argv[2];
const original = globalThis.fetch;
const HOSTS = [["https://sheets.googleapis.com", `${address}/sheets`], ["https://www.googleapis.com", address]];
globalThis.fetch = (input, options) => {
  const request = new Request(input, options);
  const url = HOSTS.reduce((text, [host, local]) => text.replace(host, local), request.url);
  return request.method === "GET" ? original(url, { headers: request.headers }) :
    request.arrayBuffer().then(body => original(url, { method: request.method, headers: request.headers, body }));
};

async function main() {
  const { GoogleSpreadsheet } = require("google-spreadsheet");
  const auth = { token: "person" };
  const book = await GoogleSpreadsheet.createNewSpreadsheetDocument(auth, { title: "Theirs" });
  await book.loadInfo();
  const tab = await book.addSheet({ title: "Sales", headerValues: ["day", "baskets"] });
  await tab.addRows([{ day: "2017-01-01", baskets: 3 }, { day: "2017-01-02", baskets: 4 }]);
  const rows = await tab.getRows();
  rows[1].set("baskets", 5);
  await rows[1].save();
  await tab.deleteRows(1, 2);
  await tab.loadCells("A1:B2");
  const cell = tab.getCell(1, 1);
  const before = cell.value;
  cell.value = 7;
  cell.note = "of a person";
  await tab.saveUpdatedCells();
  await tab.updateProperties({ title: "Renamed" });
  await tab.mergeCells({ startRowIndex: 4, endRowIndex: 5, startColumnIndex: 0, endColumnIndex: 2 });
  const again = new GoogleSpreadsheet(book.spreadsheetId, auth);
  await again.loadInfo();
  const renamed = again.sheetsByTitle.Renamed;
  const read = (await renamed.getRows()).map(row => row.toObject());
  await renamed.loadCells("A1:B2");
  await book.updateProperties({ title: "Other" });
  console.log(JSON.stringify({ title: book.title, tabs: again.sheetsByIndex.map(item => item.title), before,
    rows: read, note: renamed.getCell(1, 1).note }));
}

main().catch(error => { console.error(error); process.exit(1); });
