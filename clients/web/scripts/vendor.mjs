// Copies what the pages of the service load, with its licences, to where the service serves it from.
import { copyFile, mkdir } from "node:fs/promises";

const HERE = new URL("../", import.meta.url);
const OUT = new URL("../../src/countenance/server/static/vendor/", HERE);
const FILES = {
  "countenance.js": "dist/countenance.js",
  "uPlot.esm.js": "node_modules/uplot/dist/uPlot.esm.js",
  "uPlot.min.css": "node_modules/uplot/dist/uPlot.min.css",
  "uPlot.LICENSE.txt": "node_modules/uplot/LICENSE",
};

await mkdir(OUT, { recursive: true });
for (const [name, from] of Object.entries(FILES)) await copyFile(new URL(from, HERE), new URL(name, OUT));
