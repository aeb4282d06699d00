// Says what keeps the tests of bad networks from running here, and fails then.

import { obstacle } from "./namespace.js";

const why = await obstacle();
if (why) {
  console.log(why);
  process.exitCode = 1;
}
