// Bundles each page script into the static/dist folder beside its source, and holds every one to its size.
//
//   node build.mjs
import { cpSync, existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

const LIMIT_BYTES = 40 * 1024;

// One line per script that a page can load; `optional` entries belong to rooms that may have no script yet.
const ENTRIES = [
  { source: "qualoop/player/static/src/player.ts" },
  { source: "xblocks/common/static/src/studio.ts" },
  { source: "xblocks/common/static/src/class_session.ts" },
  { source: "lti_tool/static/src/pages.ts" },
  { source: "lti_tool/static/src/choosing.ts" },
  { source: "lti_tool/static/src/classroom.ts" },
  { source: "lti_tool/static/src/counting.ts" },
  { source: "lti_tool/static/src/times.ts" },
  { source: "lti_tool/static/src/marking.ts" },
  { source: "lti_tool/static/src/flipped.ts" },
  { source: "lti_tool/static/src/phone.ts" },
  { source: "lti_tool/static/src/phone_worker.ts" },
  { source: "lti_tool/static/src/storage_login.ts" },
  { source: "lti_tool/static/src/storage_launch.ts" },
];

const target = ({ source }) =>
  join(dirname(dirname(source)), "dist", basename(source).replace(/\.ts$/, ".js"));

async function bundle(entry) {
  const outfile = target(entry);
  await build({
    entryPoints: [entry.source],
    outfile,
    bundle: true,
    minify: true,
    format: "iife",
    target: ["chrome109", "firefox115", "safari16"],
    legalComments: "eof",
    logLevel: "warning",
  });
  return { outfile, bytes: gzipSync(readFileSync(outfile), { level: 9 }).length };
}

const present = ENTRIES.filter(({ source, optional }) => !optional || existsSync(source));
for (const { outfile, bytes } of await Promise.all(present.map(bundle))) {
  console.log(`${outfile}  ${(bytes / 1024).toFixed(1)} KB gzipped`);
  if (bytes > LIMIT_BYTES) {
    console.error(`${outfile} is larger than ${LIMIT_BYTES / 1024} KB gzipped`);
    process.exitCode = 1;
  }
}

// A block can serve files of its own package only, so it gets copies.
const OF_ALL_BLOCKS = ["qualoop/player/static/qualoop.css", "xblocks/common/static/blocks.css"];
const OF_ACTIVITIES = ["qualoop/player/static/dist/player.js", "xblocks/common/static/dist/studio.js"];
const BLOCKS = {
  kp_class: [...OF_ALL_BLOCKS, ...OF_ACTIVITIES, "xblocks/common/static/dist/class_session.js"],
  kp_lesson: [...OF_ALL_BLOCKS, ...OF_ACTIVITIES],
  kp_practice: [...OF_ALL_BLOCKS, ...OF_ACTIVITIES],
  kp_map: [...OF_ALL_BLOCKS, "xblocks/common/static/dist/studio.js"],
};
for (const [block, files] of Object.entries(BLOCKS)) {
  for (const file of files) {
    cpSync(file, join("xblocks", block, "public", basename(file)));
  }
}
