/** How a process of the benchmark tells its parent that it serves, and ends when the parent is gone. */

/** Sends `{ port }` to the parent, or prints it when run by hand; false means that listening failed. */
export function announce(port: number | false): void {
  if (port === false || port <= 0) {
    console.error('could not listen');
    process.exit(1);
  }
  if (process.send === undefined) {
    console.log(`listening on 127.0.0.1:${port}`);
    return;
  }
  process.send({ port });
  // A parent that was killed cannot stop its children: the closed channel does.
  process.on('disconnect', () => process.exit(0));
}
