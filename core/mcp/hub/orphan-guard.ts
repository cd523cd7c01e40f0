import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads `+group` and `-group`, and ends the groups that are left when its input ends, which is when the gateway is gone,
 * however that went. Written for any POSIX shell.
 */
const SCRIPT = `
groups=' '
while read -r line; do
  group=\${line#?}
  case $line in
    +*) groups="$groups$group " ;;
    -*) case $groups in *" $group "*) groups="\${groups%%" $group "*} \${groups#*" $group "}" ;; esac ;;
  esac
done
for group in $groups; do kill -s TERM -- "-$group"; done 2>/dev/null
[ "$groups" = ' ' ] && exit 0
sleep 2
for group in $groups; do kill -s KILL -- "-$group"; done 2>/dev/null
`;

/**
 * Ends the servers that were started here when this process dies without doing so itself: a `kill -9` leaves no time for
 * that, and not every server ends when its input does. It is a shell that waits, in a session of its own, and is started with
 * the first server.
 */
export class OrphanGuard {
  private shell: ChildProcess | null = null;

  add(group: number): void {
    this.shell ??= this.start();
    this.shell.stdin?.write(`+${group}\n`);
  }

  /** Nothing is left of that group. */
  delete(group: number): void {
    this.shell?.stdin?.write(`-${group}\n`);
  }

  /** Everything was ended by us. */
  close(): void {
    this.shell?.stdin?.end();
    this.shell = null;
  }

  private start(): ChildProcess {
    const shell = spawn('/bin/sh', ['-c', SCRIPT], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
      cwd: '/',
    });
    shell.on('error', () => {});
    shell.stdin?.on('error', () => {});
    shell.unref();
    return shell;
  }
}
