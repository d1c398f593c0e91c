// The process that started this one.
const LOOK_MS = 200;

/**
 * Calls `act` once when the parent process is gone. A shell between npm and a script ends without passing on the signal
 * that ended it; who stops npm means the script.
 */
export function onParentGone(act: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    act();
  }, LOOK_MS);
  timer.unref();
}
