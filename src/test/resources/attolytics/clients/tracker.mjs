// Tracks events and prints the number of each, until the standard input ends; then it flushes.
// Arguments: URL

import { Attolytics } from "../../../../../clients/js/attolytics.js";

const client = new Attolytics(process.argv[2], "sesame", {
  interval: 100,
  onDrop: ({ n }, reason) => console.log(`dropped ${n} ${reason}`),
  onRetry() {}, // the output has numbers only
});
let n = 0;
const timer = setInterval(() => {
  client.track({ _t: "events", client: "node", n });
  console.log(n++);
}, 5);
process.stdin.resume().on("end", () => {
  clearInterval(timer);
  client.flush();
});
